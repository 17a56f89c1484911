package ai.rpo.spark.rate;

import ai.rpo.core.reward.Aggregate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/**
 * Holds the keys of {@code rpo.rate}.
 *
 * @param model folders of reward models; or {@value #IMPLICIT} alone, the reward that a policy and its reference imply
 * @param completions files, folders or globs of rows with a prompt and a completion
 * @param aggregate what several models make together
 * @param varianceWeight what the members' variance counts for in {@link Aggregate#MEAN_MINUS_VARIANCE}
 * @param tokenizeAgain whether rows that bring token ids and text are read by their text
 */
public record RateSettings(
        List<String> model,
        List<String> completions,
        Aggregate aggregate,
        double varianceWeight,
        boolean tokenizeAgain) {

    /** Stands for β·(log π − log π_ref) in place of models. */
    public static final String IMPLICIT = "implicit";

    public RateSettings {
        model = List.copyOf(model);
        completions = List.copyOf(completions);
        List<String> problems = new ArrayList<>();
        if (model.contains(IMPLICIT) && model.size() > 1) {
            problems.add("model must be " + IMPLICIT + " alone or name reward models, but is " + model);
        }
        if (new HashSet<>(model).size() < model.size()) {
            problems.add("model must name each model once, but is " + model);
        }
        if (!(varianceWeight >= 0 && Double.isFinite(varianceWeight))) {
            problems.add("variance-weight must be at least 0, but is " + varianceWeight);
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }

    /** Takes other completions. */
    public RateSettings of(List<String> others) {
        return new RateSettings(model, others, aggregate, varianceWeight, tokenizeAgain);
    }

    /** Tells whether log-probabilities of a policy and its reference take the place of a reward model. */
    public boolean isImplicit() {
        return model.contains(IMPLICIT);
    }
}
