package ai.rpo.core.theory;

import java.util.Locale;

/**
 * A contextual bandit with finitely many prompts and actions, and the reference policy on it. Policies and rewards are
 * arrays of prompts × actions values, prompt by prompt.
 *
 * @param prompts d0, the probability of each prompt under the objective
 * @param reference π_ref, for each prompt the probability of each action
 */
public record Bandit(double[] prompts, double[] reference) {

    private static final double TOLERANCE = 1e-9;

    /**
     * @throws IllegalArgumentException where either is no distribution; the message says which and what it sums to
     */
    public Bandit {
        if (prompts.length == 0 || reference.length == 0 || reference.length % prompts.length != 0) {
            throw new IllegalArgumentException("Cannot make a bandit of " + prompts.length + " prompts and "
                    + reference.length + " reference probabilities: each prompt needs as many actions as the others.");
        }
        requireDistribution("the distribution of prompts", prompts, 0, prompts.length);
        int actions = reference.length / prompts.length;
        for (int x = 0; x < prompts.length; x++) {
            requireDistribution("the reference policy of prompt " + x, reference, x * actions, actions);
        }
    }

    /** A bandit with one prompt. */
    public static Bandit of(double... reference) {
        return new Bandit(new double[] {1}, reference);
    }

    public int actions() {
        return reference.length / prompts.length;
    }

    /** Prompts × actions. */
    public int size() {
        return reference.length;
    }

    /** d0 of the prompt that place {@code i} of a policy belongs to. */
    double promptWeight(int i) {
        return prompts[i / actions()];
    }

    /**
     * Policies may act only where the reference does (the paper's class Π, eq. 2.4).
     *
     * @throws IllegalArgumentException where it is no distribution, or not within the reference's support
     */
    public void requirePolicy(double[] policy) {
        requireSize("a policy", policy);
        for (int x = 0; x < prompts.length; x++) {
            requireDistribution("the policy of prompt " + x, policy, x * actions(), actions());
        }
        for (int i = 0; i < policy.length; i++) {
            if (policy[i] > 0 && reference[i] == 0) {
                throw new IllegalArgumentException("Cannot use a policy that takes action " + i % actions()
                        + " of prompt " + i / actions()
                        + ": the reference never takes it, so KL(π‖π_ref) is infinite. Give the reference some mass"
                        + " there, or take it from the policy.");
            }
        }
    }

    void requireSize(String what, double[] values) {
        if (values.length != size()) {
            throw new IllegalArgumentException(
                    "Cannot use " + what + " of " + values.length + " values: the bandit has " + size() + " actions.");
        }
    }

    /** E over d0 and the policy. */
    public double expectation(double[] policy, double[] values) {
        double sum = 0;
        for (int i = 0; i < policy.length; i++) {
            if (policy[i] != 0) {
                sum += promptWeight(i) * policy[i] * values[i];
            }
        }
        return sum;
    }

    /** E_{d0} KL(π‖π_ref); infinite outside the reference's support. */
    public double kl(double[] policy) {
        double sum = 0;
        for (int i = 0; i < policy.length; i++) {
            if (policy[i] > 0) {
                sum += promptWeight(i) * policy[i] * Math.log(policy[i] / reference[i]);
            }
        }
        return sum;
    }

    /** The policy π_ref·e^{r/β}/Z that maximises E r − β·KL(π‖π_ref). */
    public double[] gibbs(double[] rewards, double beta) {
        double[] policy = new double[size()];
        for (int x = 0; x < prompts.length; x++) {
            int from = x * actions();
            double top = top(rewards, beta, from);
            double sum = 0;
            for (int i = from; i < from + actions(); i++) {
                policy[i] = Math.exp(Math.log(reference[i]) + rewards[i] / beta - top);
                sum += policy[i];
            }
            for (int i = from; i < from + actions(); i++) {
                policy[i] /= sum;
            }
        }
        return policy;
    }

    /** E_{d0} log Z_r with Z_r = E_{π_ref} e^{r/β}. */
    public double logPartition(double[] rewards, double beta) {
        double mean = 0;
        for (int x = 0; x < prompts.length; x++) {
            int from = x * actions();
            double top = top(rewards, beta, from);
            double sum = 0;
            for (int i = from; i < from + actions(); i++) {
                sum += Math.exp(Math.log(reference[i]) + rewards[i] / beta - top);
            }
            mean += prompts[x] * (top + Math.log(sum));
        }
        return mean;
    }

    private double top(double[] rewards, double beta, int from) {
        double top = Double.NEGATIVE_INFINITY;
        for (int i = from; i < from + actions(); i++) {
            top = Math.max(top, Math.log(reference[i]) + rewards[i] / beta);
        }
        return top;
    }

    private static void requireDistribution(String what, double[] values, int from, int count) {
        double sum = 0;
        for (int i = from; i < from + count; i++) {
            if (!(values[i] >= 0)) {
                throw new IllegalArgumentException(
                        "Cannot use " + what + ": it has the probability " + values[i] + ". Give numbers of 0 to 1.");
            }
            sum += values[i];
        }
        if (!(Math.abs(sum - 1) <= TOLERANCE)) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT, "Cannot use %s: it sums to %.9g. Give probabilities that sum to 1.", what, sum));
        }
    }
}
