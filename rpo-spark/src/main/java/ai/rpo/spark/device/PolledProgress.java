package ai.rpo.spark.device;

import ai.rpo.core.Progress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.util.LongAccumulator;
import scala.Tuple4;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/**
 * Reports an accumulator's value while a Spark action runs, and its total at the end. What running tasks have added is
 * known from the executors' heartbeats, since the accumulator itself hears of a task only when that has ended. What the action
 * loses meanwhile is logged.
 */
public final class PolledProgress implements AutoCloseable {

    private static final long PERIOD_MILLIS = 500;

    private final SparkContext spark;
    private final Progress progress;
    private final String what;
    private final LongAccumulator done;
    private final long total;
    private final TaskCounts counts = new TaskCounts();
    private final LostWork losses;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "progress");
        thread.setDaemon(true);
        return thread;
    });
    private final ScheduledFuture<?> reports;

    public PolledProgress(SparkContext spark, Progress progress, String what, LongAccumulator done, long total) {
        this.spark = spark;
        this.progress = progress;
        this.what = what;
        this.done = done;
        this.total = total;
        this.losses = new LostWork(what);
        spark.addSparkListener(counts);
        spark.addSparkListener(losses);
        reports = timer.scheduleAtFixedRate(
                () -> report(Math.max(done.value(), counts.sum())), 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void report(long value) {
        progress.update(what, Math.min(value, total), total); // a repeated task counts twice
    }

    /** Stops reporting; the last report is made before this returns. */
    @Override
    public void close() throws IllegalStateException {
        spark.removeSparkListener(counts);
        spark.removeSparkListener(losses);
        reports.cancel(false);
        timer.shutdown();
        try {
            if (!timer.awaitTermination(1, TimeUnit.SECONDS)) {
                timer.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        report(done.value());
    }

    /** Knows what each task, running or ended well, has added to the accumulator. */
    private final class TaskCounts extends SparkListener {

        private final Map<Long, Long> byTask = new ConcurrentHashMap<>();

        private long sum() {
            return byTask.values().stream().mapToLong(Long::longValue).sum();
        }

        @Override
        public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
            for (Tuple4<Object, Object, Object, Seq<AccumulableInfo>> task :
                    JavaConverters.seqAsJavaList(update.accumUpdates())) {
                count((Long) task._1(), task._4());
            }
        }

        @Override
        public void onTaskEnd(SparkListenerTaskEnd end) {
            if (end.taskInfo().successful()) {
                count(end.taskInfo().taskId(), end.taskInfo().accumulables());
            } else {
                byTask.remove(end.taskInfo().taskId());
            }
        }

        private void count(long task, Seq<AccumulableInfo> updates) {
            for (AccumulableInfo info : JavaConverters.seqAsJavaList(updates)) {
                if (info.id() == done.id()
                        && info.update().nonEmpty()
                        && info.update().get() instanceof Long count) {
                    byTask.put(task, count);
                }
            }
        }
    }
}
