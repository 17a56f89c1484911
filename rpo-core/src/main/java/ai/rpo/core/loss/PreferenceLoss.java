package ai.rpo.core.loss;

import ai.rpo.core.objective.BatchSize;
import ai.rpo.core.objective.PairOutcome;
import ai.rpo.core.objective.RpoObjective;

/** {@link RpoObjective} over pairs, with TRL's metric names. */
public record PreferenceLoss(RpoObjective objective) implements Loss {

    @Override
    public double[] evaluate(TrainingExample example, double[] logps, BatchSize batch, StepMetrics metrics) {
        int chosenTokens = example.example().completions().get(0).length;
        double[] reference = example.referenceLogps();
        PairOutcome pair = objective.evaluate(logps[0], logps[1], reference[0], reference[1], chosenTokens, batch);
        double weight = objective.effectiveWeight();
        metrics.addShare("loss", pair.preferenceLoss() + weight * pair.regularizer(), batch);
        metrics.addShare("loss/preference", pair.preferenceLoss(), batch);
        metrics.addShare("loss/sft", pair.regularizer(), batch);
        metrics.addExample("rewards/chosen", pair.chosenReward());
        metrics.addExample("rewards/rejected", pair.rejectedReward());
        metrics.addExample("rewards/accuracies", pair.margin() > 0 ? 1 : 0);
        metrics.addExample("rewards/margins", pair.margin());
        metrics.addExample("logps/chosen", logps[0]);
        metrics.addExample("logps/rejected", logps[1]);
        metrics.addExample(StepMetrics.ABSOLUTE_MARGIN, Math.abs(pair.margin()));
        metrics.addExample("regularizer/effective_weight", weight);
        return new double[] {pair.chosenCoefficient(), pair.rejectedCoefficient()};
    }
}
