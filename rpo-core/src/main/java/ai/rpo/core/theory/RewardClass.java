package ai.rpo.core.theory;

import java.util.Arrays;

/**
 * The reward functions r = Φ·θ with θ in a box: convex, as the equivalence of the two games needs it.
 *
 * @param features Φ, a row for each action of each prompt
 * @param low of each component of θ, or −∞
 * @param high of each component, or ∞
 */
public record RewardClass(double[][] features, double[] low, double[] high) {

    /** Every reward in [0, R], each action for itself (assumption 5.1). */
    public static RewardClass box(Bandit bandit, double range) {
        if (!(range > 0)) {
            throw new IllegalArgumentException("Cannot use the box [0, " + range + "]: R must be above 0.");
        }
        return tabular(bandit.size(), 0, range);
    }

    /** Every reward, as practical RPO has it. */
    public static RewardClass unbounded(Bandit bandit) {
        return tabular(bandit.size(), Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);
    }

    /** Rewards linear in features, each weight at most {@code bound} in size. */
    public static RewardClass linear(double[][] features, double bound) {
        return new RewardClass(features, filled(features[0].length, -bound), filled(features[0].length, bound));
    }

    private static RewardClass tabular(int size, double low, double high) {
        double[][] identity = new double[size][size];
        for (int i = 0; i < size; i++) {
            identity[i][i] = 1;
        }
        return new RewardClass(identity, filled(size, low), filled(size, high));
    }

    private static double[] filled(int size, double value) {
        double[] values = new double[size];
        Arrays.fill(values, value);
        return values;
    }

    public boolean isBounded() {
        return Arrays.stream(low).allMatch(Double::isFinite)
                && Arrays.stream(high).allMatch(Double::isFinite);
    }

    /**
     * @param truth θ of the true reward; of a box, the true reward itself
     * @throws IllegalArgumentException where the class does not hold it, so that no theorem applies
     */
    public void requireContains(double[] truth) {
        if (truth.length != low.length) {
            throw new IllegalArgumentException(
                    "Cannot look for " + truth.length + " true weights in a class of " + low.length + ".");
        }
        for (int i = 0; i < truth.length; i++) {
            if (!(truth[i] >= low[i] && truth[i] <= high[i])) {
                throw new IllegalArgumentException("Cannot use the reward class: the true value " + truth[i]
                        + " at place " + i + " lies outside [" + low[i] + ", " + high[i]
                        + "], and assumption 5.1 needs it inside. Widen the box, or shift the true rewards into it.");
            }
        }
    }

    /** The middle of the box, 0 where it has none. */
    double[] middle() {
        double[] middle = new double[low.length];
        for (int i = 0; i < middle.length; i++) {
            middle[i] = Double.isFinite(low[i]) && Double.isFinite(high[i]) ? (low[i] + high[i]) / 2 : 0;
        }
        return middle;
    }

    /** r = Φ·θ. */
    public double[] rewards(double[] parameters) {
        double[] rewards = new double[features.length];
        for (int i = 0; i < rewards.length; i++) {
            for (int k = 0; k < parameters.length; k++) {
                rewards[i] += features[i][k] * parameters[k];
            }
        }
        return rewards;
    }

    /** Composes a function of rewards with this class, which makes it one of θ. */
    public ConvexFunction over(ConvexFunction ofRewards) {
        return new ConvexFunction() {
            @Override
            public double value(double[] at) {
                return ofRewards.value(rewards(at));
            }

            @Override
            public double[] gradient(double[] at) {
                double[] by = ofRewards.gradient(rewards(at));
                double[] gradient = new double[at.length];
                for (int i = 0; i < by.length; i++) {
                    for (int k = 0; k < at.length; k++) {
                        gradient[k] += features[i][k] * by[i];
                    }
                }
                return gradient;
            }

            @Override
            public double[][] hessian(double[] at) {
                return congruence(ofRewards.hessian(rewards(at)), at.length);
            }
        };
    }

    /** ΦᵀHΦ. */
    private double[][] congruence(double[][] h, int n) {
        double[][] half = new double[h.length][n];
        for (int i = 0; i < h.length; i++) {
            for (int j = 0; j < h.length; j++) {
                for (int k = 0; h[i][j] != 0 && k < n; k++) {
                    half[i][k] += h[i][j] * features[j][k];
                }
            }
        }
        double[][] product = new double[n][n];
        for (int i = 0; i < h.length; i++) {
            for (int k = 0; k < n; k++) {
                for (int l = 0; features[i][k] != 0 && l < n; l++) {
                    product[k][l] += features[i][k] * half[i][l];
                }
            }
        }
        return product;
    }

    /** Minimises a strictly convex function, with no bounds. */
    public static double[] minimum(ConvexFunction function, double[] start) {
        return ProjectedNewton.minimize(
                function,
                start,
                filled(start.length, Double.NEGATIVE_INFINITY),
                filled(start.length, Double.POSITIVE_INFINITY));
    }

    /** The member with the least {@code ofRewards}, as θ. */
    double[] minimize(ConvexFunction ofRewards, double[] start) {
        return ProjectedNewton.minimize(over(ofRewards), start, low, high);
    }

    /**
     * Bounds how far below {@code f(θ)} a convex function's minimum over the class can lie, from its gradient at θ: 0 at
     * the minimum only.
     */
    double slack(double[] gradient, double[] parameters) {
        double slack = 0;
        for (int i = 0; i < gradient.length; i++) {
            if (gradient[i] != 0) {
                slack += gradient[i] * (parameters[i] - (gradient[i] > 0 ? low[i] : high[i]));
            }
        }
        return slack;
    }
}
