package ai.rpo.core.loss;

import ai.rpo.core.objective.BatchSize;

/** Cross-entropy on completions: the mean of −log π over all completion tokens of the batch. */
public record SupervisedLoss() implements Loss {

    @Override
    public double[] evaluate(TrainingExample example, double[] logps, BatchSize batch, StepMetrics metrics) {
        metrics.addShare("loss", -logps[0] / batch.chosenTokens(), batch);
        metrics.addExample("logps/chosen", logps[0]);
        return new double[] {-1.0 / batch.chosenTokens()};
    }
}
