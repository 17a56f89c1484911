package ai.rpo.spark.train;

import ai.rpo.core.RpoException;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.spark.device.MachineFailure;
import ai.rpo.spark.train.ChunkAverage.Contribution;
import ai.rpo.spark.train.WorkerReport.Problem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.LongAccumulator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One round: every worker starts from the common state and takes its steps; chunks of what they leave are averaged by
 * tasks on all executors, and the driver fetches the means. A state thus crosses each executor's network link about
 * twice in each direction, whatever the number of workers, and the driver's once.
 *
 * <p>A round in which a worker's numbers stop being finite or a worker gives no sign for too long is done again once from the
 * state it began with, which the driver has; one whose states or averages are lost with their executors, three times.
 */
final class AveragingRound {

    private static final Logger LOG = LoggerFactory.getLogger(AveragingRound.class);
    private static final int ATTEMPTS = 2;

    /** Where machines go: as often as Spark tries a task. */
    private static final int ATTEMPTS_ON_LOSS = 4;

    private static final long POLL_MILLIS = 500;

    private final JavaSparkContext spark;
    private final CommonState state;
    private final Optional<OuterStep> outer;
    private final Duration patience;
    private final LongConsumer stepsTaken;

    /**
     * @param outer what is done with an average; empty to take it as it is
     * @param patience how long no worker may give a sign; zero for ever
     * @param stepsTaken told now and then of optimizer steps of the round so far, all workers together
     */
    AveragingRound(
            JavaSparkContext spark,
            CommonState state,
            Optional<OuterStep> outer,
            Duration patience,
            LongConsumer stepsTaken) {
        this.spark = spark;
        this.state = state;
        this.outer = outer;
        this.patience = patience;
        this.stepsTaken = stepsTaken;
    }

    /** @param reports in the order of the workers */
    record Result(List<WorkerReport> reports, RoundTimes times) {}

    /**
     * @throws RpoException if the round failed too often, and then the driver's state is as it was before
     */
    Result run(JavaRDD<List<TrainingExample>> workers, RoundPlan plan) {
        String round = "Round of steps " + (plan.firstStep() + 1) + " to " + (plan.firstStep() + plan.steps());
        for (int attempt = 1; ; attempt++) {
            try {
                return attempt(workers, plan, round);
            } catch (RoundFailure e) {
                state.withdraw();
                if (attempt >= e.attempts || spark.sc().isStopped()) {
                    throw e.inTheEnd;
                }
                LOG.warn("{} is rejected and done again: {}", round, e.getMessage());
            }
        }
    }

    private Result attempt(JavaRDD<List<TrainingExample>> workers, RoundPlan plan, String round) {
        long began = System.nanoTime();
        LongAccumulator progress = spark.sc().longAccumulator("optimizer steps");
        String jobGroup = plan.run() + "-" + plan.firstStep();
        RoundWatch watch = new RoundWatch(jobGroup, progress.id());
        spark.sc().addSparkListener(watch);
        spark.setJobGroup(jobGroup, round, true);
        Broadcast<Integer> lifetime = spark.broadcast(0);
        Broadcast<Integer> meansLifetime = spark.broadcast(0);
        try {
            ChunkBlocks start = state.published();
            double driverTransfer = secondsSince(began);
            watch.expect("worker");
            List<WorkerReport> reports = new ArrayList<>(await(
                    workers.mapPartitionsWithIndex(new WorkerRound(plan, start, lifetime.id(), progress), true)
                            .collectAsync(),
                    watch));
            reports.sort(Comparator.comparingInt(WorkerReport::worker));
            refuse(reports);
            if (outer.isEmpty()) {
                state.withdraw(); // frees memory where the average will need it
            }

            List<Contribution> contributions = reports.stream()
                    .filter(report -> report.state() != null)
                    .map(report -> new Contribution(report.state(), report.pairs()))
                    .toList();
            List<ChunkAverage.Work> averaging = List.of();
            long fetches = contributions.size() + 1L;
            if (contributions.size() > 1 || outer.isPresent()) {
                ChunkBlocks means = ChunkBlocks.of(meansLifetime, "mean");
                watch.expect("averaging task");
                averaging = await(average(contributions, start, means), watch);
                ChunkBlocks.end(spark, lifetime);
                fetches += contributions.size();
                driverTransfer += replaceState(means, meansLifetime);
            } else {
                ChunkBlocks.end(spark, meansLifetime);
                driverTransfer += replaceState(contributions.get(0).state(), lifetime);
            }
            RoundTimes times = RoundTimes.of(
                    secondsSince(began),
                    reports,
                    averaging,
                    driverTransfer,
                    fetches * state.layout().averagedBytes());
            return new Result(reports, times);
        } catch (RuntimeException e) {
            ChunkBlocks.end(spark, lifetime);
            ChunkBlocks.end(spark, meansLifetime);
            throw e;
        } finally {
            spark.clearJobGroup();
            spark.sc().removeSparkListener(watch);
        }
    }

    private JavaFutureAction<List<ChunkAverage.Work>> average(
            List<Contribution> contributions, ChunkBlocks start, ChunkBlocks means) {
        int chunks = state.layout().averaged();
        int slots = spark.defaultParallelism() / spark.getConf().getInt("spark.task.cpus", 1);
        return spark.parallelize(IntStream.range(0, chunks).boxed().toList(), Math.min(chunks, Math.max(1, slots)))
                .mapPartitions(new ChunkAverage(contributions, state.layout(), start, outer, means))
                .collectAsync();
    }

    private double replaceState(ChunkBlocks blocks, Broadcast<Integer> lifetime) {
        long began = System.nanoTime();
        try {
            state.replace(blocks, lifetime);
        } catch (ChunkBlocks.LostBlockException e) {
            throw new RoundFailure(
                    "the average was lost with its executor, " + e.getMessage(),
                    lost(e.getMessage(), e),
                    ATTEMPTS_ON_LOSS);
        }
        return secondsSince(began);
    }

    private <T> List<T> await(JavaFutureAction<List<T>> job, RoundWatch watch) {
        while (true) {
            try {
                return job.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                stepsTaken.accept(watch.steps());
                state.replaceLost();
                if (!patience.isZero() && watch.quiet().compareTo(patience) > 0) {
                    String who = watch.waitingFor();
                    job.cancel(true);
                    String why = "no sign for " + patience.toSeconds() + " s from " + who;
                    throw new RoundFailure(why, lost(why, null), ATTEMPTS);
                }
            } catch (ExecutionException e) {
                throw failed(e.getCause());
            } catch (InterruptedException e) {
                job.cancel(true);
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }
    }

    /** What a task says in so many words is passed on at once; anything else may be the machine's. */
    private RuntimeException failed(Throwable job) {
        for (Throwable cause = job; cause != null; cause = cause.getCause()) {
            if (cause instanceof RpoException known) {
                return known;
            }
        }
        String message = String.valueOf(job.getMessage());
        String why = message.lines().filter(line -> !line.isBlank()).findFirst().orElse("");
        boolean mayPass = spark.sc().isStopped() || MachineFailure.isCauseOf(job);
        return mayPass
                ? new RoundFailure(why, lost(why, job), ATTEMPTS_ON_LOSS)
                : new RoundFailure(why, new IllegalStateException(job), ATTEMPTS);
    }

    private static void refuse(List<WorkerReport> reports) {
        for (WorkerReport report : reports) {
            Problem problem = report.trouble().orElse(null);
            if (problem != null) {
                String what = "worker " + report.worker() + " on " + report.host() + ", " + problem.text();
                RpoException refusal = RpoException.data("Cannot go on training: " + what + ".");
                throw problem.mayPass() ? new RoundFailure(what, refusal, ATTEMPTS) : refusal;
            }
        }
    }

    private static RpoException lost(String why, Throwable cause) {
        return new RpoException(
                RpoException.Kind.RETRYABLE,
                "Cannot go on training: " + why
                        + ". Check the executors, and run the same command again; it goes on from the last checkpoint.",
                cause);
    }

    private static double secondsSince(long nanos) {
        return (System.nanoTime() - nanos) / 1e9;
    }

    /** A failure that may pass when the round is done again. */
    private static final class RoundFailure extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final transient RuntimeException inTheEnd;
        private final int attempts;

        private RoundFailure(String why, RuntimeException inTheEnd, int attempts) {
            super(why, inTheEnd);
            this.inTheEnd = inTheEnd;
            this.attempts = attempts;
        }
    }
}
