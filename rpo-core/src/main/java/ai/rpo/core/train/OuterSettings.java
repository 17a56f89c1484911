package ai.rpo.core.train;

import java.util.ArrayList;
import java.util.List;

/**
 * Says what is done with an average; the keys of {@code rpo.train.outer}.
 *
 * @param optimizer {@code average} takes it as it is; {@code nesterov} takes the way from the old state to it as a
 *     gradient (DiLoCo, arXiv 2311.08105)
 * @param learningRate of that step; 1 with a momentum of 0 is the plain average
 * @param momentum of that step
 */
public record OuterSettings(Optimizer optimizer, double learningRate, double momentum) {

    /** Update rules of an average. */
    public enum Optimizer {
        AVERAGE,
        NESTEROV
    }

    public OuterSettings {
        List<String> problems = new ArrayList<>();
        if (!(learningRate > 0) || Double.isInfinite(learningRate)) {
            problems.add("learning-rate must be above 0, but is " + learningRate);
        }
        if (!(momentum >= 0 && momentum < 1)) {
            problems.add("momentum must be at least 0 and below 1, but is " + momentum);
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }

    /** Averages as they are. */
    public static OuterSettings average() {
        return new OuterSettings(Optimizer.AVERAGE, 1, 0);
    }

    public boolean hasMomentum() {
        return optimizer == Optimizer.NESTEROV;
    }
}
