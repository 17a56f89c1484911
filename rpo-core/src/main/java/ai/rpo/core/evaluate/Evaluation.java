package ai.rpo.core.evaluate;

import ai.rpo.core.objective.BatchSize;
import ai.rpo.core.objective.Metric;
import ai.rpo.core.objective.Metric.Mean;
import ai.rpo.core.objective.Metric.Shown;
import ai.rpo.core.objective.Metrics;
import ai.rpo.core.objective.Objective;
import ai.rpo.core.objective.Outcome;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Measures what a policy does on held-out pairs, by the metrics of the objective that it was trained with. */
public final class Evaluation {

    private Evaluation() {}

    /**
     * Evaluates all pairs as one batch, so that a token mean is over all their chosen tokens.
     *
     * @throws IllegalArgumentException if there are no pairs
     */
    public static Map<String, Estimate> of(List<PairResult> pairs, Objective objective) {
        long chosenTokens = pairs.stream().mapToLong(PairResult::chosenTokens).sum();
        BatchSize batch = new BatchSize(pairs.size(), chosenTokens);
        List<Outcome> outcomes = pairs.stream()
                .map(pair -> objective.evaluate(pair.seenBy(objective), batch))
                .toList();
        Map<String, Estimate> metrics = new LinkedHashMap<>();
        for (Metric metric : objective.metrics()) {
            if (metric.shown() == Shown.EVERYWHERE) {
                metrics.put(metric.name(), estimate(metric, outcomes));
            }
        }
        if (!objective.needs().rewards()) {
            metrics.put(Metrics.REFERENCE_CHOSEN_LOGPS.name(), mean(pairs, PairResult::referenceChosen));
            metrics.put(Metrics.REFERENCE_REJECTED_LOGPS.name(), mean(pairs, PairResult::referenceRejected));
        }
        return metrics;
    }

    private static Estimate estimate(Metric metric, List<Outcome> outcomes) {
        if (metric.mean() == Mean.RATE) {
            long successes = outcomes.stream()
                    .filter(outcome -> outcome.values().get(metric) == 1)
                    .count();
            return Estimate.ofRate(successes, outcomes.size());
        }
        double factor = metric.mean() == Mean.OF_SHARES ? outcomes.size() : 1;
        return mean(outcomes, outcome -> factor * outcome.values().get(metric));
    }

    private static <T> Estimate mean(List<T> items, ToDoubleFunction<T> quantity) {
        return Estimate.ofMean(items.stream().mapToDouble(quantity).toArray());
    }
}
