package ai.rpo.spark.train;

import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.spark.runtime.ExecutorRuntime;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
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
    private final PlacedChunks start;
    private final long lifetime;
    private final LongAccumulator progress;

    /**
     * @param start the common state
     * @param lifetime under which the own state is left
     * @param progress counts steps
     */
    WorkerRound(RoundPlan plan, PlacedChunks start, long lifetime, LongAccumulator progress) {
        this.plan = plan;
        this.start = start;
        this.lifetime = lifetime;
        this.progress = progress;
    }

    @Override
    public Iterator<WorkerReport> call(Integer worker, Iterator<List<TrainingExample>> batches) {
        WorkerSteps.skip(plan, batches);
        WorkerReport report = batches.hasNext() ? train(worker, batches) : idle(worker);
        return List.of(report).iterator();
    }

    private static WorkerReport idle(int worker) {
        return WorkerReport.of(worker, new WorkerSteps(List.of(), List.of(), null), null, 0);
    }

    private WorkerReport train(int worker, Iterator<List<TrainingExample>> batches) {
        PolicyNetwork network =
                ExecutorRuntime.ofThisJvm().borrow(plan.role()).untilTaskEnds().worker();
        NetworkState state = new NetworkState(network.state(), Optional.empty());
        long began = System.nanoTime();
        for (int chunk = 0; chunk < state.layout().count(); chunk++) {
            int which = chunk;
            start.readPatiently(which, bytes -> state.write(which, bytes));
        }
        network.state().setStep(plan.firstStep());
        double transfer = secondsSince(began);

        WorkerSteps taken = WorkerSteps.take(plan, network, batches, progress);

        began = System.nanoTime();
        PlacedChunks own = null;
        if (taken.problem() == null) {
            ChunkBlocks names = new ChunkBlocks(
                    lifetime, "worker_" + worker + "_" + TaskContext.get().taskAttemptId());
            for (int chunk = 0; chunk < state.layout().count(); chunk++) {
                names.put(chunk, state.read(chunk));
            }
            own = PlacedChunks.here(names);
        }
        return WorkerReport.of(worker, taken, own, transfer + secondsSince(began));
    }

    private static double secondsSince(long nanos) {
        return (System.nanoTime() - nanos) / 1e9;
    }
}
