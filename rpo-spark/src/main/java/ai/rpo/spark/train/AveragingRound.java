package ai.rpo.spark.train;

import ai.rpo.core.RpoException;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.spark.train.ChunkAverage.Contribution;
import ai.rpo.spark.train.RoundJobs.Care;
import ai.rpo.spark.train.WorkerReport.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.storage.BlockManagerId;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Averages: every worker starts from the common state and takes its steps; chunks of what they leave are averaged by
 * tasks on all executors, and the driver fetches the means. A state thus crosses each executor's network link about
 * twice in each direction, whatever the number of workers, and the driver's once.
 *
 * <p>A round in which a worker's numbers stop being finite or a worker gives no sign for too long is done again once from the
 * state it began with, which the driver has; one whose states or averages are lost with their executors, three times.
 */
final class AveragingRound implements Round {

    private static final Logger LOG = LoggerFactory.getLogger(AveragingRound.class);

    private final JavaSparkContext spark;
    private final CommonState state;
    private final Optional<OuterStep> outer;
    private final Care care;

    /** @param outer what is done with an average; empty to take it as it is */
    AveragingRound(JavaSparkContext spark, CommonState state, Optional<OuterStep> outer, Care care) {
        this.spark = spark;
        this.state = state;
        this.outer = outer;
        this.care = care;
    }

    @Override
    public Result run(JavaRDD<List<TrainingExample>> workers, RoundPlan plan) {
        for (int attempt = 1; ; attempt++) {
            try {
                return attempt(workers, plan);
            } catch (RoundFailure e) {
                state.withdraw();
                if (attempt >= e.attempts() || spark.sc().isStopped()) {
                    throw e.inTheEnd();
                }
                LOG.warn("{} is rejected and done again: {}", plan, e.getMessage());
            }
        }
    }

    private Result attempt(JavaRDD<List<TrainingExample>> workers, RoundPlan plan) {
        long began = System.nanoTime();
        Broadcast<Integer> lifetime = spark.broadcast(0);
        Broadcast<Integer> meansLifetime = spark.broadcast(0);
        try (RoundJobs jobs = new RoundJobs(spark, plan, care, state::replaceLost)) {
            PlacedChunks start = state.published();
            double driverTransfer = secondsSince(began);
            List<WorkerReport> reports = new ArrayList<>(jobs.await("worker", () -> workers.mapPartitionsWithIndex(
                            new WorkerRound(plan, start, lifetime.id(), jobs.progress()), true)
                    .collectAsync()));
            reports.sort(Comparator.comparingInt(WorkerReport::worker));
            refuse(reports);
            if (outer.isEmpty()) {
                state.withdraw(); // frees memory where the average will need it
            }

            List<Contribution> contributions = reports.stream()
                    .filter(report -> report.state() != null)
                    .map(report -> new Contribution(report.state(), report.pairs()))
                    .toList();
            List<ChunkAverage.Means> averaged = List.of();
            long fetches = contributions.size() + 1L;
            if (contributions.size() > 1 || outer.isPresent()) {
                ChunkBlocks means = ChunkBlocks.of(meansLifetime, "mean");
                averaged = jobs.await("averaging task", () -> average(contributions, start, means));
                ChunkBlocks.end(spark, lifetime);
                fetches += contributions.size();
                driverTransfer += replaceState(placed(means, averaged), meansLifetime);
            } else {
                ChunkBlocks.end(spark, meansLifetime);
                driverTransfer += replaceState(contributions.get(0).state(), lifetime);
            }
            RoundTimes times = RoundTimes.of(
                    secondsSince(began),
                    reports,
                    averaged.stream().map(ChunkAverage.Means::work).toList(),
                    driverTransfer,
                    fetches * state.layout().averagedBytes());
            return new Result(reports, times, Optional.empty());
        } catch (RuntimeException e) {
            ChunkBlocks.end(spark, lifetime);
            ChunkBlocks.end(spark, meansLifetime);
            throw e;
        }
    }

    private JavaFutureAction<List<ChunkAverage.Means>> average(
            List<Contribution> contributions, PlacedChunks start, ChunkBlocks means) {
        int chunks = state.layout().averaged();
        int slots = spark.defaultParallelism() / spark.getConf().getInt("spark.task.cpus", 1);
        return spark.parallelize(IntStream.range(0, chunks).boxed().toList(), Math.min(chunks, Math.max(1, slots)))
                .mapPartitions(new ChunkAverage(contributions, state.layout(), start, outer, means))
                .collectAsync();
    }

    private PlacedChunks placed(ChunkBlocks means, List<ChunkAverage.Means> averaged) {
        BlockManagerId[] holders = new BlockManagerId[state.layout().count()];
        for (ChunkAverage.Means task : averaged) {
            task.chunks().forEach(chunk -> holders[chunk] = task.holder());
        }
        return PlacedChunks.at(means, List.of(holders));
    }

    private double replaceState(PlacedChunks blocks, Broadcast<Integer> lifetime) {
        long began = System.nanoTime();
        try {
            state.replace(blocks, lifetime);
        } catch (PlacedChunks.LostBlockException e) {
            String why = "the average was lost with its executor, " + e.getMessage();
            throw RoundFailure.lost(why, e, RoundFailure.ATTEMPTS_ON_LOSS);
        }
        return secondsSince(began);
    }

    private static void refuse(List<WorkerReport> reports) {
        for (WorkerReport report : reports) {
            Problem problem = report.problem();
            if (problem != null) {
                RpoException refusal = report.refusal();
                throw problem.mayPass() ? new RoundFailure(report.what(), refusal, RoundFailure.ATTEMPTS) : refusal;
            }
        }
    }

    private static double secondsSince(long nanos) {
        return (System.nanoTime() - nanos) / 1e9;
    }
}
