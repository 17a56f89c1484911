package ai.rpo.spark.train;

import ai.rpo.core.train.TrainPlan;
import ai.rpo.spark.device.LocalModel;
import java.io.Serializable;

/**
 * One round, the same for every worker.
 *
 * @param run names the training run, so that executors can tell its networks from another's
 * @param training how a worker trains
 * @param frozen the model under the adapter that is trained; null where all weights are
 * @param firstStep optimizer steps of the run before this round
 * @param firstStepOfEpoch those of the epoch
 * @param steps optimizer steps to take, fewer where a worker's batches end
 * @param firstMargin check of the run's first step
 */
record RoundPlan(
        String run,
        TrainPlan training,
        LocalModel frozen,
        long firstStep,
        long firstStepOfEpoch,
        long steps,
        FirstMargin firstMargin)
        implements Serializable {}
