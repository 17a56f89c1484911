package ai.rpo.core.objective;

import java.util.List;
import java.util.Map;

/**
 * Implements cross-entropy on prompt/completion rows, the token mean of −log π(y|x) over the batch (docs/math.md, 3). It is
 * what the command {@code sft} minimises.
 */
public record Supervised() implements Objective {

    @Override
    public String name() {
        return "supervised";
    }

    @Override
    public String describe() {
        return "cross-entropy, mean over completion tokens";
    }

    @Override
    public Needs needs() {
        return Needs.SINGLE;
    }

    @Override
    public List<Metric> metrics() {
        return List.of(Metrics.LOSS, Metrics.CHOSEN_LOGPS);
    }

    @Override
    public Outcome evaluate(ExampleLogps example, BatchSize batch) {
        double logp = example.policy()[0];
        return new Outcome(
                new double[] {-1.0 / batch.chosenTokens()},
                Map.of(Metrics.LOSS, -logp / batch.chosenTokens(), Metrics.CHOSEN_LOGPS, logp));
    }
}
