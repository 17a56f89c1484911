package ai.rpo.spark.train;

import ai.rpo.core.RpoException;
import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.spark.runtime.ExecutorRuntime;
import ai.rpo.spark.train.RoundJobs.Care;
import ai.rpo.spark.train.WorkerReport.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.util.LongAccumulator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains where all workers share the driver's JVM: their networks are the driver's, no state is sent, and a lone worker's is not
 * even copied.
 *
 * <p>A step whose numbers are not finite leaves the state as it was, and is tried once more. Where a worker cannot go on, a lone
 * one's state is that of its last step; the states of several differ then, as they do where a task fails or is given up in the
 * middle of a step, and the last checkpoint is what there is to go on from.
 */
final class NearRound implements Round {

    private static final Logger LOG = LoggerFactory.getLogger(NearRound.class);

    private final JavaSparkContext spark;
    private final NearNetworks networks;
    private final NetworkState state;
    private final Care care;

    /** @param state of the driver, which is the first network's */
    NearRound(JavaSparkContext spark, NearNetworks networks, NetworkState state, Care care) {
        this.spark = spark;
        this.networks = networks;
        this.state = state;
        this.care = care;
    }

    @Override
    public Result run(JavaRDD<List<TrainingExample>> workers, RoundPlan plan) {
        long began = System.nanoTime();
        state.change();
        List<WorkerReport> reports = attempt(workers, plan, List.of());
        Optional<WorkerReport> failed = failed(reports);
        if (failed.isPresent()) {
            LOG.warn("A step is rejected and done again: {}", failed.get().what());
            reports = attempt(workers, plan, reports);
            failed = failed(reports);
        }
        Optional<RpoException> refusal = failed.map(WorkerReport::refusal);
        if (refusal.isPresent() && reports.size() > 1) {
            throw refusal.get();
        }
        double averaging = networks.average(reports);
        state.changed();
        double seconds = (System.nanoTime() - began) / 1e9;
        List<ChunkAverage.Work> work = List.of(new ChunkAverage.Work(0, averaging));
        return new Result(reports, RoundTimes.of(seconds, reports, work, 0, 0), refusal);
    }

    /** The first worker that cannot go on. */
    private static Optional<WorkerReport> failed(List<WorkerReport> reports) {
        return reports.stream().filter(report -> report.problem() != null).findFirst();
    }

    /**
     * Lets every worker take those steps of the round that it has not taken.
     *
     * @param before what they did, in their order; empty at first
     * @return the same with what they did now
     * @throws RpoException if trying again is of no use
     */
    private List<WorkerReport> attempt(
            JavaRDD<List<TrainingExample>> workers, RoundPlan plan, List<WorkerReport> before) {
        List<Integer> taken =
                before.stream().map(report -> report.steps().size()).toList();
        try (RoundJobs jobs = new RoundJobs(spark, plan, care, () -> {})) {
            List<WorkerReport> reports = new ArrayList<>(jobs.await("worker", () -> workers.mapPartitionsWithIndex(
                            new Worker(plan, new ArrayList<>(taken), jobs.progress()), true)
                    .collectAsync()));
            reports.sort(Comparator.comparingInt(WorkerReport::worker));
            for (WorkerReport report : reports) {
                if (report.trouble().map(Problem::mayPass).orElse(true).equals(false)) {
                    throw report.refusal();
                }
            }
            reports.replaceAll(report -> before.isEmpty() ? report : report.after(before.get(report.worker())));
            return reports;
        } catch (RoundFailure e) {
            throw e.inTheEnd();
        }
    }

    /**
     * Goes on with its network as it is.
     *
     * @param taken steps of the round that each worker has taken; empty if none has any
     */
    private record Worker(RoundPlan plan, ArrayList<Integer> taken, LongAccumulator progress)
            implements Function2<Integer, Iterator<List<TrainingExample>>, Iterator<WorkerReport>> {

        @Override
        public Iterator<WorkerReport> call(Integer worker, Iterator<List<TrainingExample>> batches) {
            RoundPlan rest = plan.after(taken.isEmpty() ? 0 : taken.get(worker));
            PolicyNetwork network = ExecutorRuntime.ofThisJvm()
                    .borrow(new LodgedRole(plan.role(), worker))
                    .untilTaskEnds()
                    .worker();
            network.state().setStep(rest.firstStep());
            WorkerSteps.skip(rest, batches);
            WorkerSteps steps = WorkerSteps.take(rest, network, batches, progress);
            return List.of(WorkerReport.of(worker, steps, null, 0)).iterator();
        }
    }
}
