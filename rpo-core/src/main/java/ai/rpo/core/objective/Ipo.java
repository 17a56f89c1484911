package ai.rpo.core.objective;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Implements Identity Preference Optimization (IPO, arXiv 2310.12036, eq. 17) over log-probabilities averaged by token, as
 * its authors and TRL have it: L = meanᵢ (ρ⁺ᵢ/T⁺ᵢ − ρ⁻ᵢ/T⁻ᵢ − 1/(2β))² (docs/math.md, 19).
 *
 * @param beta β, which the paper calls τ; above 0
 */
public record Ipo(double beta) implements Objective {

    public Ipo {
        Parameter.requirePositive("beta", beta);
    }

    /** Gives the default. */
    public Ipo() {
        this(0.01);
    }

    @Override
    public String name() {
        return "ipo";
    }

    @Override
    public String describe() {
        return String.format(Locale.ROOT, "IPO: beta %s, token means of log-probabilities", beta);
    }

    @Override
    public String title() {
        return "IPO β = " + beta;
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
        return Map.of(Metrics.LOSS, 1 / (4 * beta * beta));
    }

    @Override
    public Outcome evaluate(ExampleLogps example, BatchSize batch) {
        PreferencePair pair = PreferencePair.of(example);
        int chosenTokens = example.tokens()[0];
        int rejectedTokens = example.tokens()[1];
        double distance = pair.chosenRatio() / chosenTokens - pair.rejectedRatio() / rejectedTokens - 1 / (2 * beta);
        return pair.outcome(
                beta, distance * distance, 2 * distance / chosenTokens, -2 * distance / rejectedTokens, batch);
    }
}
