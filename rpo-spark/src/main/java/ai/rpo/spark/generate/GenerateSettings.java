package ai.rpo.spark.generate;

import ai.rpo.core.CostOnly;
import ai.rpo.core.generate.SamplingSettings;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The keys of {@code rpo.generate}.
 *
 * @param prompts files, folders or globs of rows with a prompt
 * @param format of the completions
 * @param samplesPerPrompt completions of each prompt
 * @param seed decides the samples, together with a prompt's content
 * @param completionsAtOnce of one task
 * @param stop texts that end a completion, and are left out of it
 * @param temperatures of the sampling by the rows' categories, as numbers; that of {@code sampling} for other rows
 * @param sampling how tokens are drawn
 */
public record GenerateSettings(
        List<String> prompts,
        OutputFormat format,
        int samplesPerPrompt,
        long seed,
        @CostOnly int completionsAtOnce,
        List<String> stop,
        Map<String, String> temperatures,
        SamplingSettings sampling)
        implements Serializable {

    /** Says how completions are stored. */
    public enum OutputFormat {
        JSONL,
        PARQUET
    }

    public GenerateSettings {
        prompts = List.copyOf(prompts);
        stop = List.copyOf(stop);
        temperatures = new TreeMap<>(temperatures);
        List<String> problems = new ArrayList<>();
        if (samplesPerPrompt < 1) {
            problems.add("samples-per-prompt must be at least 1, but is " + samplesPerPrompt);
        }
        if (completionsAtOnce < 1) {
            problems.add("completions-at-once must be at least 1, but is " + completionsAtOnce);
        }
        temperatures.forEach((category, temperature) -> {
            if (!(number(temperature) >= 0 && Double.isFinite(number(temperature)))) {
                problems.add(
                        "temperatures must have numbers of at least 0, but has " + temperature + " for " + category);
            }
        });
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }

    private static double number(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    /** Tells how tokens are drawn for a row. */
    SamplingSettings sampling(String category) {
        String temperature = temperatures.get(category);
        return temperature == null ? sampling : sampling.withTemperature(number(temperature));
    }

    /** Takes other prompts. */
    public GenerateSettings of(List<String> others) {
        return new GenerateSettings(
                others, format, samplesPerPrompt, seed, completionsAtOnce, stop, temperatures, sampling);
    }

    /** Takes other prompts, with one completion each in JSON lines. */
    public GenerateSettings onceFor(List<String> others) {
        return new GenerateSettings(
                others, OutputFormat.JSONL, 1, seed, completionsAtOnce, stop, temperatures, sampling);
    }

    /**
     * Takes other prompts and so many samples, drawn from all that the policy would say: at temperature 1 and without a
     * cut, so that their distribution is the policy's own.
     */
    public GenerateSettings wholeDistribution(List<String> others, int samples) {
        return new GenerateSettings(
                others,
                OutputFormat.JSONL,
                samples,
                seed,
                completionsAtOnce,
                stop,
                Map.of(),
                SamplingSettings.atTemperature(1, sampling.maxNewTokens()));
    }
}
