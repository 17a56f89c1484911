package ai.rpo.spark.device;

import ai.rpo.core.Progress;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.spark.util.LongAccumulator;

/** Reports an accumulator's value while a Spark action runs, and its total at the end. */
public final class PolledProgress implements AutoCloseable {

    private static final long PERIOD_MILLIS = 500;

    private final Progress progress;
    private final String what;
    private final LongAccumulator done;
    private final long total;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "progress");
        thread.setDaemon(true);
        return thread;
    });

    public PolledProgress(Progress progress, String what, LongAccumulator done, long total) {
        this.progress = progress;
        this.what = what;
        this.done = done;
        this.total = total;
        timer.scheduleAtFixedRate(this::report, 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void report() {
        progress.update(what, Math.min(done.value(), total), total); // a repeated task counts twice
    }

    /** Stops reporting; the last report is made before this returns. */
    @Override
    public void close() throws IllegalStateException {
        timer.shutdownNow();
        try {
            timer.awaitTermination(1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        report();
    }
}
