package ai.rpo.core.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * By what the model is chosen among the checkpoints of preference training; the keys of {@code rpo.selection}.
 *
 * @param metric held-out metric that each checkpoint is measured by; empty to take the last checkpoint
 * @param patience checkpoints in a row that do not improve on the best, after which training stops; 0 to go on to the end
 */
public record SelectionSettings(Optional<String> metric, int patience) {

    private static final List<String> LOWER_IS_BETTER = List.of("loss", "loss/preference", "loss/sft");
    private static final List<String> HIGHER_IS_BETTER =
            List.of("rewards/accuracies", "rewards/margins", "logps/chosen");

    public SelectionSettings {
        List<String> problems = new ArrayList<>();
        metric.filter(name -> !LOWER_IS_BETTER.contains(name) && !HIGHER_IS_BETTER.contains(name))
                .ifPresent(name -> problems.add("metric must be one of " + String.join(", ", LOWER_IS_BETTER) + ", "
                        + String.join(", ", HIGHER_IS_BETTER) + ", but is " + name));
        if (patience < 0) {
            problems.add("patience must be at least 0, but is " + patience);
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }

    /** The metric's value as something to be lowered. */
    public double cost(double value) {
        return LOWER_IS_BETTER.contains(metric.orElseThrow()) ? value : -value;
    }
}
