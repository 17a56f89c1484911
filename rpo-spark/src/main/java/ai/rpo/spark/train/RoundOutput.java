package ai.rpo.spark.train;

import ai.rpo.core.loss.StepMetrics;
import java.io.Serializable;
import java.util.List;

/** What a worker hands in at the end of a round. */
sealed interface RoundOutput extends Serializable {

    int worker();

    /** One chunk of the worker's state, and the pairs that went into it. */
    record Contribution(int worker, long pairs, FloatChunk chunk) implements RoundOutput {}

    /**
     * How the round went.
     *
     * @param firstStep optimizer step of the run that the first entry belongs to, from 0
     * @param steps metrics of each step in order
     * @param seconds computing time of each step
     * @param problem why the worker stopped, or null
     */
    record Report(int worker, long firstStep, List<StepMetrics> steps, List<Double> seconds, String problem)
            implements RoundOutput {}
}
