package ai.rpo.spark.prepare;

import ai.rpo.core.Progress;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.SparkContext;
import org.apache.spark.Success$;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/** Reports the finished tasks of whatever runs while it is open. */
final class TaskProgress extends SparkListener implements AutoCloseable {

    private final SparkContext context;
    private final Progress progress;
    private final String what;
    private final long total;
    private final AtomicLong done = new AtomicLong();

    TaskProgress(SparkContext context, Progress progress, String what, long total) {
        this.context = context;
        this.progress = progress;
        this.what = what;
        this.total = total;
        progress.update(what, 0, total);
        context.addSparkListener(this);
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd end) {
        if (end.reason() == Success$.MODULE$) {
            progress.update(what, Math.min(total, done.incrementAndGet()), total);
        }
    }

    @Override
    public void close() {
        context.removeSparkListener(this);
        progress.update(what, total, total);
    }
}
