package ai.rpo.core.theory.experiment;

import ai.rpo.core.theory.Bandit;
import java.util.List;

/** The best of n samples of a reference with few actions: its exact distance from the reference. */
public final class FiniteBestOfN {

    public static final List<Integer> SIZES = List.of(1, 2, 4, 8, 16, 64);

    private static final Bandit REFERENCE = Bandit.of(0.1, 0.2, 0.3, 0.4);

    private FiniteBestOfN() {}

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
}
