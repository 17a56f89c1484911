package ai.rpo.core.evaluate;

import ai.rpo.core.objective.BatchSize;
import ai.rpo.core.objective.PairOutcome;
import ai.rpo.core.objective.RpoObjective;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** What a policy does on held-out pairs, under the names of the training metrics. */
public final class Evaluation {

    private record Outcome(PairResult pair, PairOutcome outcome) {}

    private Evaluation() {}

    /**
     * The loss is that of all pairs as one batch, so the token mean is over all their chosen tokens.
     *
     * @throws IllegalArgumentException if there are no pairs
     */
    public static Map<String, Estimate> of(List<PairResult> pairs, RpoObjective objective) {
        long chosenTokens = pairs.stream().mapToLong(PairResult::chosenTokens).sum();
        BatchSize batch = new BatchSize(pairs.size(), chosenTokens);
        List<Outcome> outcomes = pairs.stream()
                .map(p -> new Outcome(
                        p,
                        objective.evaluate(
                                p.chosenLogps(),
                                p.rejectedLogps(),
                                p.referenceChosen(),
                                p.referenceRejected(),
                                p.chosenTokens(),
                                batch)))
                .toList();
        int n = pairs.size();
        double weight = objective.effectiveWeight();
        Map<String, Estimate> metrics = new LinkedHashMap<>();
        metrics.put("loss", mean(outcomes, o -> n * (o.outcome.preferenceLoss() + weight * o.outcome.regularizer())));
        metrics.put("loss/preference", mean(outcomes, o -> n * o.outcome.preferenceLoss()));
        metrics.put("loss/sft", mean(outcomes, o -> n * o.outcome.regularizer()));
        metrics.put("rewards/chosen", mean(outcomes, o -> o.outcome.chosenReward()));
        metrics.put("rewards/rejected", mean(outcomes, o -> o.outcome.rejectedReward()));
        metrics.put(
                "rewards/accuracies",
                Estimate.ofRate(
                        outcomes.stream().filter(o -> o.outcome.margin() > 0).count(), n));
        metrics.put("rewards/margins", mean(outcomes, o -> o.outcome.margin()));
        metrics.put("logps/chosen", mean(outcomes, o -> o.pair.chosenLogps()));
        metrics.put("logps/rejected", mean(outcomes, o -> o.pair.rejectedLogps()));
        metrics.put("reference_logps/chosen", mean(outcomes, o -> o.pair.referenceChosen()));
        metrics.put("reference_logps/rejected", mean(outcomes, o -> o.pair.referenceRejected()));
        return metrics;
    }

    private static Estimate mean(List<Outcome> outcomes, ToDoubleFunction<Outcome> quantity) {
        return Estimate.ofMean(outcomes.stream().mapToDouble(quantity).toArray());
    }
}
