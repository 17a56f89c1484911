package ai.rpo.core.theory.experiment;

import ai.rpo.core.theory.Bandit;
import java.util.List;

/** The best of n samples of a reference, by a score: its exact distance from the reference, and its estimated value. */
public final class BestOfN {

    public static final List<Integer> SIZES = List.of(1, 2, 4, 8, 16, 64);

    private static final Bandit REFERENCE = Bandit.of(0.1, 0.2, 0.3, 0.4);

    private BestOfN() {}

    /** KL of the best of n to the reference (.1, .2, .3, .4), whose actions stand in the order of their reward. */
    public static double exactKl(int n) {
        double[] policy = new double[REFERENCE.size()];
        double below = 0;
        for (int i = 0; i < policy.length; i++) {
            double upTo = below + REFERENCE.reference()[i];
            policy[i] = Math.pow(upTo, n) - Math.pow(below, n);
            below = upTo;
        }
        return REFERENCE.kl(policy);
    }

    /** log n − (n − 1)/n: exact only where no two samples can be the same. */
    public static double klFormula(int n) {
        return Math.log(n) - (n - 1.0) / n;
    }

    /**
     * The expected gold reward of the best of n out of N samples, over all choices of n: Σ_{i≥n} C(i − 1, n − 1)/C(N,
     * n)·gold_(i).
     *
     * @param goldByProxy gold rewards in the order of rising proxy reward
     */
    public static double unbiased(double[] goldByProxy, int n) {
        int total = goldByProxy.length;
        double share = (double) n / total; // C(N − 1, n − 1)/C(N, n)
        double sum = 0;
        for (int i = total; i >= n; i--) {
            sum += share * goldByProxy[i - 1];
            share *= (double) (i - n) / (i - 1); // C(i − 2, n − 1)/C(i − 1, n − 1)
        }
        return sum;
    }
}
