package ai.rpo.spark.train;

import java.io.Serializable;

/**
 * One round, the same for every worker.
 *
 * @param role how a worker trains
 * @param firstStep optimizer steps of the run before this round
 * @param firstStepOfEpoch those of the epoch
 * @param steps optimizer steps to take, fewer where a worker's batches end
 * @param firstMargin check of the run's first step
 */
record RoundPlan(TrainingRole role, long firstStep, long firstStepOfEpoch, long steps, FirstMargin firstMargin)
        implements Serializable {

    /** Gives what is left of the round after some of its steps. */
    RoundPlan after(long taken) {
        return new RoundPlan(role, firstStep + taken, firstStepOfEpoch + taken, steps - taken, firstMargin);
    }

    @Override
    public String toString() {
        return "Round of steps " + (firstStep + 1) + " to " + (firstStep + steps);
    }
}
