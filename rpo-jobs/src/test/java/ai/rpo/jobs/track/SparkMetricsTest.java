package ai.rpo.jobs.track;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.jobs.launch.SparkLauncher;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.sink.PrometheusServlet;
import org.junit.jupiter.api.Test;

class SparkMetricsTest {

    @Test
    void theLastStepAndTheWorkOnRowsAreShownInPrometheusForm() {
        try (SparkLauncher spark = new SparkLauncher("test", Optional.of("local[1]"), Map.of())) {
            spark.session();
            AtomicLong nanos = new AtomicLong(5);
            try (SparkMetrics metrics = new SparkMetrics(nanos::get)) {
                metrics.steps(List.of(Map.of("step", 1L, "loss", 0.5), Map.of("step", 2L, "loss", 0.25)));
                assertEquals(
                        1,
                        SparkEnv.get().metricsSystem().getSourcesByName("rpo").size());
                metrics.update("score train", 100, 1000); // found done
                nanos.addAndGet(4_000_000_000L);
                metrics.update("score train", 700, 1000);
                String shown =
                        new PrometheusServlet(new Properties(), metrics.metricRegistry()).getMetricsSnapshot(null);
                assertTrue(shown.contains("metrics_loss_Value{type=\"gauges\"} 0.25\n"), shown);
                assertTrue(shown.contains("metrics_step_Value{type=\"gauges\"} 2.0\n"), shown);
                assertTrue(shown.contains("metrics_score_train_done_Value{type=\"gauges\"} 700.0\n"), shown);
                assertTrue(shown.contains("metrics_score_train_total_Value{type=\"gauges\"} 1000.0\n"), shown);
                // (700 - 100) rows in 4 s
                assertTrue(shown.contains("metrics_score_train_per_second_Value{type=\"gauges\"} 150.0\n"), shown);
            }
            assertEquals(
                    0, SparkEnv.get().metricsSystem().getSourcesByName("rpo").size());
        }
    }
}
