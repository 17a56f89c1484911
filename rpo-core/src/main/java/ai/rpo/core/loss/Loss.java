package ai.rpo.core.loss;

import ai.rpo.core.objective.BatchSize;

/** A loss over whole completions, seen one example at a time; stateless. */
public sealed interface Loss permits PreferenceLoss, SupervisedLoss {

    /**
     * Adds one example to the metrics and gives the derivative of the batch's loss by each of its log-probabilities.
     *
     * @param logps the policy's log-probability of each completion, in nats
     * @param batch the whole optimizer batch
     * @return one coefficient per completion
     */
    double[] evaluate(TrainingExample example, double[] logps, BatchSize batch, StepMetrics metrics);
}
