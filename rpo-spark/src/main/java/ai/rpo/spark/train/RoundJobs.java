package ai.rpo.spark.train;

import ai.rpo.core.RpoException;
import ai.rpo.spark.device.MachineFailure;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.LongAccumulator;

/**
 * Runs the Spark jobs of an attempt at a round and watches over them: tells how far they are, gives up those that show
 * no sign, and says whether what went wrong may pass.
 */
final class RoundJobs implements AutoCloseable {

    private static final long POLL_MILLIS = 500;

    /**
     * Says what is done about jobs that run.
     *
     * @param patience how long no worker may give a sign; zero for ever
     * @param stepsTaken told now and then of optimizer steps so far, all workers together
     */
    record Care(Duration patience, LongConsumer stepsTaken) {}

    private final JavaSparkContext spark;
    private final Care care;
    private final Runnable meanwhile;
    private final LongAccumulator progress;
    private final RoundWatch watch;

    /** @param meanwhile done now and then while a job runs */
    RoundJobs(JavaSparkContext spark, RoundPlan plan, Care care, Runnable meanwhile) {
        this.spark = spark;
        this.care = care;
        this.meanwhile = meanwhile;
        progress = spark.sc().longAccumulator("optimizer steps");
        String jobGroup = plan.role().run() + "-" + plan.firstStep();
        watch = new RoundWatch(jobGroup, progress.id());
        spark.sc().addSparkListener(watch);
        spark.setJobGroup(jobGroup, plan.toString(), true);
    }

    /** Returns what workers count their steps with. */
    LongAccumulator progress() {
        return progress;
    }

    /**
     * Waits for a job.
     *
     * @param tasks what its tasks are, such as {@code worker}
     * @throws RoundFailure if trying again may help
     * @throws RpoException what a task says in so many words
     */
    <T> List<T> await(String tasks, Supplier<JavaFutureAction<List<T>>> submitted) {
        watch.expect(tasks);
        JavaFutureAction<List<T>> job = submitted.get();
        while (true) {
            try {
                return job.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                care.stepsTaken().accept(watch.steps());
                meanwhile.run();
                giveUpIfQuiet(job);
            } catch (ExecutionException e) {
                throw failed(e.getCause());
            } catch (InterruptedException e) {
                job.cancel(true);
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }
    }

    private void giveUpIfQuiet(JavaFutureAction<?> job) {
        Duration patience = care.patience();
        if (!patience.isZero() && watch.quiet().compareTo(patience) > 0) {
            String who = watch.waitingFor();
            job.cancel(true);
            String why = "no sign for " + patience.toSeconds() + " s from " + who;
            throw RoundFailure.lost(why, null, RoundFailure.ATTEMPTS);
        }
    }

    /** Passes on at once what a task says in so many words; anything else may be the machine's. */
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
                ? RoundFailure.lost(why, job, RoundFailure.ATTEMPTS_ON_LOSS)
                : new RoundFailure(why, new IllegalStateException(job), RoundFailure.ATTEMPTS);
    }

    @Override
    public void close() {
        spark.clearJobGroup();
        spark.sc().removeSparkListener(watch);
    }
}
