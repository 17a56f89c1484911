package ai.rpo.jobs.track;

import ai.rpo.core.Progress;
import ai.rpo.spark.train.TrainingListener;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.source.Source;

/**
 * Shows the last step's metrics in Spark's metrics system, so that each of its sinks has them: as {@code rpo.loss} and the like,
 * in Prometheus' form where {@code PrometheusServlet} is one of the sinks. So it does how far work on rows is, and how fast:
 * {@code rpo.score_train_done}, {@code rpo.score_train_total} and {@code rpo.score_train_per_second}.
 */
final class SparkMetrics implements TrainingListener, Progress, Source, AutoCloseable {

    private static final double NANOS = 1e9;

    private final MetricRegistry registry = new MetricRegistry();
    private final Map<String, Double> latest = new ConcurrentHashMap<>();
    private final LongSupplier nanoTime;
    private String work = "";
    private long doneBefore;
    private long begun;
    private boolean isShown;

    /** @param nanoTime a clock, as {@link System#nanoTime} is one */
    SparkMetrics(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    @Override
    public String sourceName() {
        return "rpo";
    }

    @Override
    public MetricRegistry metricRegistry() {
        return registry;
    }

    @Override
    public void steps(List<Map<String, Object>> lines) {
        Map<String, Object> last = lines.get(lines.size() - 1);
        put("step", (double) MetricsOfStep.step(last));
        MetricsOfStep.numbers(last).forEach(this::put);
        show();
    }

    /** Counts from what was done when it first heard of the work, which may have been found done. */
    @Override
    public synchronized void update(String what, long done, long total) {
        if (!work.equals(what)) {
            work = what;
            doneBefore = done;
            begun = nanoTime.getAsLong();
        }
        double seconds = (nanoTime.getAsLong() - begun) / NANOS;
        String name = what.replace(' ', '_');
        put(name + "_done", done);
        put(name + "_total", total);
        put(name + "_per_second", seconds > 0 ? (done - doneBefore) / seconds : 0);
        show();
    }

    private void show() {
        if (!isShown && SparkEnv.get() != null) {
            SparkEnv.get().metricsSystem().registerSource(this);
            isShown = true;
        }
    }

    private void put(String name, double value) {
        if (latest.put(name, value) == null) {
            registry.register(name.replace('/', '_'), (Gauge<Double>) () -> latest.get(name));
        }
    }

    @Override
    public void close() {
        if (isShown && SparkEnv.get() != null) {
            SparkEnv.get().metricsSystem().removeSource(this);
        }
    }
}
