package ai.rpo.spark.train;

import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.core.loss.NonFiniteException;
import ai.rpo.core.loss.StepMetrics;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.spark.train.WorkerReport.Problem;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.util.LongAccumulator;

/**
 * Says what a worker did in a round.
 *
 * @param steps metrics of each step in order
 * @param seconds computing time of each step
 * @param problem why it stopped, or null
 */
record WorkerSteps(List<StepMetrics> steps, List<Double> seconds, Problem problem) {

    /** Passes over the batches of the epoch that rounds before have used. */
    static void skip(RoundPlan plan, Iterator<List<TrainingExample>> batches) {
        for (long skipped = 0; skipped < plan.firstStepOfEpoch() && batches.hasNext(); skipped++) {
            batches.next();
        }
    }

    /**
     * Takes the steps of a round, or as many as there are batches.
     *
     * @param progress counts them
     * @throws IllegalStateException if Spark has given the task up
     */
    static WorkerSteps take(
            RoundPlan plan, PolicyNetwork network, Iterator<List<TrainingExample>> batches, LongAccumulator progress) {
        List<StepMetrics> steps = new ArrayList<>();
        List<Double> seconds = new ArrayList<>();
        Problem problem = null;
        while (problem == null && steps.size() < plan.steps() && batches.hasNext()) {
            long began = System.nanoTime();
            try {
                StepMetrics metrics = network.step(batches.next());
                seconds.add((System.nanoTime() - began) / 1e9);
                steps.add(metrics);
                progress.add(1);
                refuseIfOver();
                String wrong = plan.firstMargin().problem(plan.firstStep() + steps.size() - 1, metrics);
                problem = wrong == null ? null : new Problem(wrong, false);
            } catch (NonFiniteException e) {
                problem = new Problem("step " + (plan.firstStep() + steps.size() + 1) + ": " + e.getMessage(), true);
            }
        }
        return new WorkerSteps(steps, seconds, problem);
    }

    /** A task that was given up leaves nothing: nobody would remove it. */
    private static void refuseIfOver() {
        if (TaskContext.get().isInterrupted()) {
            throw new IllegalStateException("The round went on without this task.");
        }
    }
}
