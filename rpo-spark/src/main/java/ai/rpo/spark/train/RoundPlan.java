package ai.rpo.spark.train;

import ai.rpo.spark.device.LocalModel;
import java.io.Serializable;

/**
 * One round, the same for every worker.
 *
 * @param run names the training run, so that executors can tell its networks from another's
 * @param configuration JSON of DL4J's network configuration
 * @param frozen the model under the adapter that is trained; null where all weights are
 * @param firstStep optimizer steps of the run before this round
 * @param firstStepOfEpoch those of the epoch
 * @param steps optimizer steps to take, fewer where a worker's batches end
 * @param firstMargin check of the run's first step
 */
record RoundPlan(
        String run,
        String configuration,
        LocalModel frozen,
        long firstStep,
        long firstStepOfEpoch,
        long steps,
        FirstMargin firstMargin)
        implements Serializable {}
