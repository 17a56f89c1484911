package ai.rpo.core.objective;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Implements supervised fine-tuning on the chosen completions of pairs, the token mean of −log π(y⁺|x) over the batch
 * (docs/math.md, 23). The rejected completions are measured and not trained on.
 *
 * @param beta β, which scales the rewards that are reported and nothing else; above 0
 */
public record ChosenSft(double beta) implements Objective {

    public ChosenSft {
        Parameter.requirePositive("beta", beta);
    }

    /** Gives the default. */
    public ChosenSft() {
        this(0.01);
    }

    @Override
    public String name() {
        return "sft";
    }

    @Override
    public String describe() {
        return String.format(Locale.ROOT, "SFT on the chosen completions: rewards reported with beta %s", beta);
    }

    @Override
    public String title() {
        return "SFT on the chosen completions";
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
    public Outcome evaluate(ExampleLogps example, BatchSize batch) {
        PreferencePair pair = PreferencePair.of(example);
        Map<Metric, Double> values = pair.values(beta);
        values.put(Metrics.LOSS, -pair.chosen() / batch.chosenTokens());
        return new Outcome(new double[] {-1.0 / batch.chosenTokens(), 0}, values);
    }
}
