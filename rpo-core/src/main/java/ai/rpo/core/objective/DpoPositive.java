package ai.rpo.core.objective;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Implements DPO-Positive (DPOP, arXiv 2402.13228), which takes from the margin what the chosen completion has lost
 * against the reference: L = meanᵢ −log σ(β·(ρ⁺ᵢ − ρ⁻ᵢ − λ·max(0, −ρ⁺ᵢ))) (docs/math.md, 20).
 *
 * @param beta β, strength of the tie to the reference, above 0
 * @param lambda λ, how much that loss counts, at least 0; 0 is DPO
 */
public record DpoPositive(double beta, double lambda) implements Objective {

    public DpoPositive {
        Parameter.requirePositive("beta", beta);
        Parameter.requireNotNegative("lambda", lambda);
    }

    /** Gives the defaults. */
    public DpoPositive() {
        this(0.01, 50);
    }

    @Override
    public String name() {
        return "dpo-positive";
    }

    @Override
    public String describe() {
        return String.format(Locale.ROOT, "DPO-Positive: beta %s, lambda %s", beta, lambda);
    }

    @Override
    public String title() {
        return "DPO-Positive λ = " + lambda;
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
        double ratio = pair.chosenRatio();
        double margin = pair.margin(beta) - beta * lambda * Math.max(0, -ratio);
        double slope = beta * Logistic.sigmoid(-margin);
        return pair.outcome(beta, -Logistic.logSigmoid(margin), -slope * (ratio < 0 ? 1 + lambda : 1), slope, batch);
    }
}
