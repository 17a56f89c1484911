package ai.rpo.core.train;

import java.io.Serializable;

/**
 * Gives the learning rate of each optimizer step: a linear warm-up to the peak, then a decay (docs/math.md, 8).
 *
 * @param peak the highest rate
 * @param warmupSteps steps of the warm-up
 * @param totalSteps steps of the whole run
 * @param decay how the rate goes on after the warm-up
 */
public record LearningRateSchedule(double peak, long warmupSteps, long totalSteps, TrainSettings.Schedule decay)
        implements Serializable {

    /** So that a ratio such as 0.29 of 100 steps is 29 of them. */
    private static final double ROUNDING = 1e-9;

    /** Makes the schedule that settings ask for. */
    public static LearningRateSchedule of(TrainSettings settings, long totalSteps) {
        return new LearningRateSchedule(
                settings.learningRate(),
                (long) (settings.warmupRatio() * totalSteps + ROUNDING),
                totalSteps,
                settings.schedule());
    }

    /**
     * Returns the rate of a step.
     *
     * @param step from 0
     */
    public double at(long step) {
        return peak * factor(step);
    }

    private double factor(long step) {
        if (step < warmupSteps) {
            return (step + 1.0) / warmupSteps;
        }
        return switch (decay) {
            case COSINE -> 0.5 * (1 + Math.cos(Math.PI * (step - warmupSteps) / (totalSteps - warmupSteps)));
            case LINEAR -> (double) (totalSteps - step) / (totalSteps - warmupSteps);
            case CONSTANT -> 1;
        };
    }
}
