package ai.rpo.core.gauge;

/** Measures how far a policy's next-token distribution π is from a reference's π_ref, in nats, from the logits of both. */
public final class TokenDivergence {

    private TokenDivergence() {}

    /**
     * Computes KL(π‖π_ref) = Σ_v π(v)·(log π(v) − log π_ref(v)) of one token, exactly.
     *
     * @param policy logits of a chunk of tokens, row after row; so is {@code reference}
     * @param from where the token's row begins
     * @param vocabulary numbers in a row
     * @return at least 0: rounding that makes it negative is cut off
     */
    public static double kl(double[] policy, double[] reference, int from, int vocabulary) {
        double ours = logSumExp(policy, from, vocabulary);
        double theirs = logSumExp(reference, from, vocabulary);
        double sum = 0;
        for (int v = from; v < from + vocabulary; v++) {
            double logp = policy[v] - ours;
            double p = Math.exp(logp);
            if (p > 0) { // what the policy never says counts nothing, whatever the reference thinks of it
                sum += p * (logp - (reference[v] - theirs));
            }
        }
        return Math.max(0, sum);
    }

    /** Returns log π(token) of the same row. */
    public static double logp(double[] logits, int from, int vocabulary, int token) {
        return logits[from + token] - logSumExp(logits, from, vocabulary);
    }

    /** Estimates KL from one sample of π by ℓ = log π − log π_ref: without bias, with a large variance. */
    public static double k1(double logp, double referenceLogp) {
        return logp - referenceLogp;
    }

    /** Estimates KL from one sample of π by e^{−ℓ} − 1 + ℓ: without bias, never negative. */
    public static double k3(double logp, double referenceLogp) {
        double ratio = logp - referenceLogp;
        return Math.expm1(-ratio) + ratio;
    }

    private static double logSumExp(double[] logits, int from, int length) {
        double most = Double.NEGATIVE_INFINITY;
        for (int i = from; i < from + length; i++) {
            most = Math.max(most, logits[i]);
        }
        double sum = 0;
        for (int i = from; i < from + length; i++) {
            sum += Math.exp(logits[i] - most);
        }
        return most + Math.log(sum);
    }
}
