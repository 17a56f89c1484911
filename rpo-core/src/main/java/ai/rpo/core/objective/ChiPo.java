package ai.rpo.core.objective;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Implements χ²-Preference Optimization (χPO, arXiv 2407.13399): DPO with φ(z) = z + log z of the probability ratio
 * in place of log z, and its margin clipped, L = meanᵢ −log σ(clip(β·(φ(e^ρ⁺ᵢ) − φ(e^ρ⁻ᵢ)), ±2R)) (docs/math.md, 21).
 *
 * @param beta β, strength of the tie to the reference, above 0
 * @param maxReward R, above 0: a pair whose margin is outside ±2R has no gradient
 */
public record ChiPo(double beta, double maxReward) implements Objective {

    /** Above it e^ρ is not told apart: it would overflow at 709, and the margin is clipped long before. */
    private static final double LARGEST_RATIO = 80;

    public ChiPo {
        Parameter.requirePositive("beta", beta);
        Parameter.requirePositive("max-reward", maxReward);
    }

    /** Gives the defaults. */
    public ChiPo() {
        this(0.01, 5);
    }

    @Override
    public String name() {
        return "chi-po";
    }

    @Override
    public String describe() {
        return String.format(Locale.ROOT, "chi-PO: beta %s, margins up to 2·%s", beta, maxReward);
    }

    @Override
    public String title() {
        return "χPO β = " + beta;
    }

    @Override
    public Needs needs() {
        return Needs.PAIR;
    }

    @Override
    public List<Metric> metrics() {
        return PreferencePair.METRICS;
    }

    @Override
    public Map<Metric, Double> atReference() {
        return Map.of(Metrics.LOSS, Math.log(2));
    }

    @Override
    public Outcome evaluate(ExampleLogps example, BatchSize batch) {
        PreferencePair pair = PreferencePair.of(example);
        double margin = beta * (phi(pair.chosenRatio()) - phi(pair.rejectedRatio()));
        double clipped = Math.max(-2 * maxReward, Math.min(2 * maxReward, margin));
        double slope = margin == clipped ? beta * Logistic.sigmoid(-margin) : 0;
        return pair.outcome(
                beta,
                -Logistic.logSigmoid(clipped),
                -slope * phiSlope(pair.chosenRatio()),
                slope * phiSlope(pair.rejectedRatio()),
                batch);
    }

    private static double phi(double ratio) {
        return Math.exp(Math.min(ratio, LARGEST_RATIO)) + ratio;
    }

    private static double phiSlope(double ratio) {
        return ratio < LARGEST_RATIO ? Math.exp(ratio) + 1 : 1;
    }
}
