package ai.rpo.spark.train;

import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.core.loss.NonFiniteException;
import ai.rpo.core.loss.StepMetrics;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.spark.runtime.ExecutorRuntime;
import ai.rpo.spark.train.WorkerReport.Problem;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.util.LongAccumulator;

/**
 * One worker's part of a round: start from the common state, take some optimizer steps, leave the own state for whoever
 * averages.
 *
 * <p>A partition holds one worker's batches of an epoch in the order of its steps. A run of the task depends on nothing
 * but its arguments, so Spark may repeat it; each attempt leaves blocks of its own.
 */
final class WorkerRound implements Function2<Integer, Iterator<List<TrainingExample>>, Iterator<WorkerReport>> {

    private static final long serialVersionUID = 1L;

    private final RoundPlan plan;
    private final ChunkBlocks start;
    private final long lifetime;
    private final LongAccumulator progress;

    /**
     * @param start the common state
     * @param lifetime under which the own state is left
     * @param progress counts steps
     */
    WorkerRound(RoundPlan plan, ChunkBlocks start, long lifetime, LongAccumulator progress) {
        this.plan = plan;
        this.start = start;
        this.lifetime = lifetime;
        this.progress = progress;
    }

    @Override
    public Iterator<WorkerReport> call(Integer worker, Iterator<List<TrainingExample>> batches) {
        for (long skipped = 0; skipped < plan.firstStepOfEpoch() && batches.hasNext(); skipped++) {
            batches.next();
        }
        WorkerReport report = batches.hasNext() ? train(worker, batches) : idle(worker);
        return List.of(report).iterator();
    }

    private static WorkerReport idle(int worker) {
        return new WorkerReport(worker, host(), null, List.of(), List.of(), 0, null);
    }

    private WorkerReport train(int worker, Iterator<List<TrainingExample>> batches) {
        PolicyNetwork network = ExecutorRuntime.ofThisJvm()
                .borrow(new TrainingRole(plan))
                .untilTaskEnds()
                .worker();
        NetworkState state = new NetworkState(network.state(), Optional.empty());
        long began = System.nanoTime();
        for (int chunk = 0; chunk < state.layout().count(); chunk++) {
            int which = chunk;
            start.readPatiently(which, bytes -> state.write(which, bytes));
        }
        network.state().setStep(plan.firstStep());
        double transfer = secondsSince(began);

        List<StepMetrics> steps = new ArrayList<>();
        List<Double> seconds = new ArrayList<>();
        Problem problem = takeSteps(network, batches, steps, seconds);

        began = System.nanoTime();
        ChunkBlocks own = null;
        if (problem == null) {
            refuseIfOver();
            own = new ChunkBlocks(
                    lifetime, "worker_" + worker + "_" + TaskContext.get().taskAttemptId());
            for (int chunk = 0; chunk < state.layout().count(); chunk++) {
                own.put(chunk, state.read(chunk));
            }
        }
        return new WorkerReport(worker, host(), own, steps, seconds, transfer + secondsSince(began), problem);
    }

    /** A task that was given up leaves nothing: nobody would remove it. */
    private static void refuseIfOver() {
        if (TaskContext.get().isInterrupted()) {
            throw new IllegalStateException("The round went on without this task.");
        }
    }

    private Problem takeSteps(
            PolicyNetwork network,
            Iterator<List<TrainingExample>> batches,
            List<StepMetrics> steps,
            List<Double> seconds) {
        while (steps.size() < plan.steps() && batches.hasNext()) {
            long began = System.nanoTime();
            try {
                StepMetrics metrics = network.step(batches.next());
                seconds.add(secondsSince(began));
                steps.add(metrics);
                progress.add(1);
                String wrong = plan.firstMargin().problem(plan.firstStep() + steps.size() - 1, metrics);
                if (wrong != null) {
                    return new Problem(wrong, false);
                }
            } catch (NonFiniteException e) {
                return new Problem("step " + (plan.firstStep() + steps.size() + 1) + ": " + e.getMessage(), true);
            }
        }
        return null;
    }

    private static double secondsSince(long nanos) {
        return (System.nanoTime() - nanos) / 1e9;
    }

    private static String host() {
        return SparkEnv.get().blockManager().blockManagerId().host();
    }
}
