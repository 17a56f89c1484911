package ai.rpo.core.objective;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Implements robust DPO (arXiv 2403.00409), whose expectation does not change when a share ε of the labels is
 * flipped: L = meanᵢ (−(1 − ε)·log σ(mᵢ) + ε·log σ(−mᵢ))/(1 − 2ε) (docs/math.md, 22).
 *
 * @param beta β, strength of the tie to the reference, above 0
 * @param labelSmoothing ε, share of wrong labels, at least 0 and below 0.5; 0 is DPO
 */
public record RobustDpo(double beta, double labelSmoothing) implements Objective {

    public RobustDpo {
        Parameter.requirePositive("beta", beta);
        if (!(labelSmoothing >= 0 && labelSmoothing < 0.5)) {
            throw new IllegalArgumentException(
                    "label-smoothing must be at least 0 and below 0.5, but is " + labelSmoothing);
        }
    }

    /** Gives the defaults. */
    public RobustDpo() {
        this(0.01, 0.1);
    }

    @Override
    public String name() {
        return "robust";
    }

    @Override
    public String describe() {
        return String.format(Locale.ROOT, "robust DPO: beta %s, label smoothing %s", beta, labelSmoothing);
    }

    @Override
    public String title() {
        return "robust DPO ε = " + labelSmoothing;
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
        double margin = pair.margin(beta);
        double right = 1 - labelSmoothing;
        double scale = 1 / (1 - 2 * labelSmoothing);
        double loss = -right * Logistic.logSigmoid(margin) + labelSmoothing * Logistic.logSigmoid(-margin);
        double slope = beta * scale * (right * Logistic.sigmoid(-margin) + labelSmoothing * Logistic.sigmoid(margin));
        return pair.outcome(beta, scale * loss, -slope, slope, batch);
    }
}
