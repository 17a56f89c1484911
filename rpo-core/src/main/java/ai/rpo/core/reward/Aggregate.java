package ai.rpo.core.reward;

import java.util.Arrays;

/** Joins the rewards that the members of an ensemble give one completion (arXiv 2310.02743). */
public enum Aggregate {
    /** Their mean. */
    MEAN,
    /** The lowest of them, worst-case optimization. */
    MIN,
    /** Their mean less a weight times their variance, uncertainty-weighted optimization. */
    MEAN_MINUS_VARIANCE;

    /**
     * Computes the reward of the ensemble.
     *
     * @param rewards one per member, at least one
     * @param varianceWeight what the variance, a mean over the members, is multiplied by
     */
    public double of(double[] rewards, double varianceWeight) {
        return switch (this) {
            case MEAN -> mean(rewards);
            case MIN -> Arrays.stream(rewards).min().orElseThrow();
            case MEAN_MINUS_VARIANCE -> mean(rewards) - varianceWeight * variance(rewards);
        };
    }

    /** Returns the members' variance, divided by their number. */
    public static double variance(double[] rewards) {
        double mean = mean(rewards);
        return Arrays.stream(rewards)
                        .map(reward -> (reward - mean) * (reward - mean))
                        .sum()
                / rewards.length;
    }

    private static double mean(double[] rewards) {
        return Arrays.stream(rewards).sum() / rewards.length;
    }
}
