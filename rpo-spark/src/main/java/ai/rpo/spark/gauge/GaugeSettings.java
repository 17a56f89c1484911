package ai.rpo.spark.gauge;

import ai.rpo.spark.rate.RateSettings;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/**
 * Holds the keys of {@code rpo.gauge}.
 *
 * @param prompts that checkpoints answer: files, folders or globs of rows with a prompt; nothing is gauged where there are none
 * @param samples completions of each
 * @param every optimizer steps at least from one measured checkpoint to the next; 0 for all
 * @param proxy folders of reward models; those of {@code rpo.rate.model} where there are none
 * @param gold folders of reward models, or {@value #JUDGE} or {@value #PROGRAM} alone
 */
public record GaugeSettings(List<String> prompts, int samples, int every, List<String> proxy, List<String> gold) {

    /** Stands for the judge of {@code rpo.judge}. */
    public static final String JUDGE = "judge";

    /** Stands for the verifier of {@code rpo.judge.program}. */
    public static final String PROGRAM = "program";

    public GaugeSettings {
        prompts = List.copyOf(prompts);
        proxy = List.copyOf(proxy);
        gold = List.copyOf(gold);
        List<String> problems = new ArrayList<>();
        if (samples < 1) {
            problems.add("samples must be at least 1, but is " + samples);
        }
        if (every < 0) {
            problems.add("every must be at least 0, but is " + every);
        }
        requireModels("proxy", proxy, problems);
        requireModels("gold", gold, problems);
        if (gold.size() > 1 && (gold.contains(JUDGE) || gold.contains(PROGRAM))) {
            problems.add("gold must be " + JUDGE + " or " + PROGRAM + " alone, or name reward models, but is " + gold);
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }

    private static void requireModels(String key, List<String> models, List<String> problems) {
        if (models.contains(RateSettings.IMPLICIT)) {
            problems.add(key
                    + " must be reward models, as the reward that a policy implies of its own completions is β times"
                    + " its distance, but is " + models);
        }
        if (new HashSet<>(models).size() < models.size()) {
            problems.add(key + " must name each model once, but is " + models);
        }
    }

    /** Tells whether a judge or a program says what is gold. */
    public boolean judged() {
        return gold.contains(JUDGE) || gold.contains(PROGRAM);
    }

    /** Tells whether checkpoints are gauged. */
    public boolean isOn() {
        return !prompts.isEmpty();
    }
}
