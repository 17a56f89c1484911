package ai.rpo.core.score;

import java.io.Serializable;

/**
 * Tells how far a policy is from its reference along one of its completions, in nats, summed over the tokens.
 *
 * @param kl Σ KL(π(·|prefix)‖π_ref(·|prefix)) over the completion's prefixes: every token that could have come is counted by
 *     its probability, so that the only chance left is in the prefixes
 * @param k1 log π(y|x) − log π_ref(y|x), whose mean over samples of π is the same
 * @param k3 Σ (e^{−ℓ} − 1 + ℓ) over the tokens' log-ratios ℓ, whose mean is the same too
 */
public record Divergence(double kl, double k1, double k3) implements Serializable {

    public boolean isFinite() {
        return Double.isFinite(kl) && Double.isFinite(k1) && Double.isFinite(k3);
    }
}
