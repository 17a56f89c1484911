package ai.rpo.jobs.track;

import ai.rpo.spark.train.TrainingListener;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.source.Source;

/**
 * Shows the last step's metrics in Spark's metrics system, so that each of its sinks has them: as {@code rpo.loss} and the like,
 * in Prometheus' form where {@code PrometheusServlet} is one of the sinks.
 */
final class SparkMetrics implements TrainingListener, Source, AutoCloseable {

    private final MetricRegistry registry = new MetricRegistry();
    private final Map<String, Double> latest = new ConcurrentHashMap<>();
    private boolean isShown;

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
