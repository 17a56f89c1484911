package ai.rpo.spark.train;

import ai.rpo.core.RpoException;
import ai.rpo.core.loss.StepMetrics;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkEnv;

/**
 * Says how one worker's part of a round went.
 *
 * @param host where it ran
 * @param state its parameters and moments after its steps; null if it took none, had a problem, or they are the
 *     driver's
 * @param steps metrics of each step in order
 * @param seconds computing time of each step
 * @param transferSeconds time in which it fetched the common state and left its own
 * @param problem why it stopped, or null
 */
record WorkerReport(
        int worker,
        String host,
        PlacedChunks state,
        List<StepMetrics> steps,
        List<Double> seconds,
        double transferSeconds,
        Problem problem)
        implements Serializable {

    /**
     * @param text what was wrong, and where
     * @param mayPass whether the same work may succeed when it is done again
     */
    record Problem(String text, boolean mayPass) implements Serializable {}

    /** Makes the report of a task of this JVM. */
    static WorkerReport of(int worker, WorkerSteps taken, PlacedChunks state, double transferSeconds) {
        return new WorkerReport(
                worker,
                SparkEnv.get().blockManager().blockManagerId().host(),
                state,
                taken.steps(),
                taken.seconds(),
                transferSeconds,
                taken.problem());
    }

    /** The whole of what the worker did in a round, of which {@code earlier} was the first part. */
    WorkerReport after(WorkerReport earlier) {
        List<StepMetrics> allSteps = new ArrayList<>(earlier.steps);
        allSteps.addAll(steps);
        List<Double> allSeconds = new ArrayList<>(earlier.seconds);
        allSeconds.addAll(seconds);
        double transfer = earlier.transferSeconds + transferSeconds;
        return new WorkerReport(worker, host, state, allSteps, allSeconds, transfer, problem);
    }

    long pairs() {
        return steps.stream().mapToLong(StepMetrics::examples).sum();
    }

    double computeSeconds() {
        return seconds.stream().mapToDouble(Double::doubleValue).sum();
    }

    Optional<Problem> trouble() {
        return Optional.ofNullable(problem);
    }

    /** Names the worker and its problem. */
    String what() {
        return "worker " + worker + " on " + host + ", " + problem.text();
    }

    /** Makes what ends a training for the problem. */
    RpoException refusal() {
        return RpoException.data("Cannot go on training: " + what() + ".");
    }
}
