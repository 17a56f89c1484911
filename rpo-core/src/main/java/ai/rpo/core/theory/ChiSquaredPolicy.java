package ai.rpo.core.theory;

/**
 * χPO's policy (arXiv 2407.13399) of a reward: where DPO has log z of the ratio z = π/π_ref, χPO has z + log z, so that
 * β·(z + log z) = r − λ with λ set by Σ π = 1. A reward lifts the ratio about linearly, not exponentially.
 */
public final class ChiSquaredPolicy {

    private static final int NEWTON_STEPS = 60;

    private ChiSquaredPolicy() {}

    public static double[] of(Bandit bandit, double[] rewards, double beta) {
        double[] policy = new double[bandit.size()];
        for (int x = 0; x < bandit.prompts().length; x++) {
            int from = x * bandit.actions();
            int to = from + bandit.actions();
            double shift = normalizer(bandit.reference(), rewards, beta, from, to);
            for (int i = from; i < to; i++) {
                policy[i] = bandit.reference()[i] * ratio((rewards[i] - shift) / beta);
            }
        }
        return policy;
    }

    /** λ, from below by Newton's method: Σ π falls and is convex in it, so no step goes too far. */
    private static double normalizer(double[] reference, double[] rewards, double beta, int from, int to) {
        double shift = Double.POSITIVE_INFINITY;
        for (int i = from; i < to; i++) {
            shift = Math.min(shift, rewards[i] - beta); // every ratio is 1 or more here
        }
        for (int step = 0; step < NEWTON_STEPS; step++) {
            double sum = -1;
            double slope = 0;
            for (int i = from; i < to; i++) {
                double ratio = ratio((rewards[i] - shift) / beta);
                sum += reference[i] * ratio;
                slope += reference[i] * ratio / (1 + ratio) / beta;
            }
            if (sum < 1e-15) {
                break;
            }
            shift += sum / slope;
        }
        return shift;
    }

    /** The z above 0 with z + log z = y. */
    static double ratio(double y) {
        double logarithm = y > 1 ? Math.log(y) : y - Math.exp(Math.min(y, 0)) / 2;
        for (int step = 0; step < NEWTON_STEPS; step++) {
            double z = Math.exp(logarithm);
            double next = logarithm - (z + logarithm - y) / (z + 1);
            if (Math.abs(next - logarithm) < 1e-15 * Math.max(1, Math.abs(next))) {
                break;
            }
            logarithm = next;
        }
        return Math.exp(logarithm);
    }
}
