package ai.rpo.spark.generate;

import ai.rpo.core.generate.SamplingSettings;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * The keys of {@code rpo.generate}.
 *
 * @param prompts files, folders or globs of rows with a prompt
 * @param format of the completions
 * @param samplesPerPrompt completions of each prompt
 * @param seed decides the samples, together with a prompt's content
 * @param completionsAtOnce of one task
 * @param stop texts that end a completion, and are left out of it
 * @param sampling how tokens are drawn
 */
public record GenerateSettings(
        List<String> prompts,
        OutputFormat format,
        int samplesPerPrompt,
        long seed,
        int completionsAtOnce,
        List<String> stop,
        SamplingSettings sampling)
        implements Serializable {

    /** How completions are stored. */
    public enum OutputFormat {
        JSONL,
        PARQUET
    }

    public GenerateSettings {
        prompts = List.copyOf(prompts);
        stop = List.copyOf(stop);
        List<String> problems = new ArrayList<>();
        if (samplesPerPrompt < 1) {
            problems.add("samples-per-prompt must be at least 1, but is " + samplesPerPrompt);
        }
        if (completionsAtOnce < 1) {
            problems.add("completions-at-once must be at least 1, but is " + completionsAtOnce);
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }
}
