package ai.rpo.core.theory.experiment;

import ai.rpo.core.theory.Guarantee;

/**
 * Constants of the published proof, checked on Bernoulli distributions of ½ and .6 and on R = 1.
 *
 * @param squaredTotalVariation TV²
 * @param hellinger H² = 1 − Σ√(pq), which the proof's Chernoff step needs
 * @param sumOfSquares Σ(√p − √q)² = 2·H²
 * @param kappa (1 + e^R)⁻² of lemma D.2
 * @param sharpKappa the largest constant for which that lemma holds
 */
public record ProofConstants(
        double squaredTotalVariation, double hellinger, double sumOfSquares, double kappa, double sharpKappa) {

    public static ProofConstants run() {
        double p = 0.5;
        double q = 0.6;
        double affinity = Math.sqrt(p * q) + Math.sqrt((1 - p) * (1 - q));
        return new ProofConstants(
                (p - q) * (p - q), 1 - affinity, 2 - 2 * affinity, Guarantee.kappa(1), Guarantee.sharpKappa(1));
    }
}
