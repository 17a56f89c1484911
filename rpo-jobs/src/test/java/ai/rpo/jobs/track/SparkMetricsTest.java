package ai.rpo.jobs.track;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.jobs.launch.SparkLauncher;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.sink.PrometheusServlet;
import org.junit.jupiter.api.Test;

class SparkMetricsTest {

    @Test
    void theLastStepIsShownInPrometheusForm() {
        try (SparkLauncher spark = new SparkLauncher("test", Optional.of("local[1]"), Map.of())) {
            spark.session();
            try (SparkMetrics metrics = new SparkMetrics()) {
                metrics.steps(List.of(Map.of("step", 1L, "loss", 0.5), Map.of("step", 2L, "loss", 0.25)));
                assertEquals(
                        1,
                        SparkEnv.get().metricsSystem().getSourcesByName("rpo").size());
                String shown =
                        new PrometheusServlet(new Properties(), metrics.metricRegistry()).getMetricsSnapshot(null);
                assertTrue(shown.contains("metrics_loss_Value{type=\"gauges\"} 0.25\n"), shown);
                assertTrue(shown.contains("metrics_step_Value{type=\"gauges\"} 2.0\n"), shown);
            }
            assertEquals(
                    0, SparkEnv.get().metricsSystem().getSourcesByName("rpo").size());
        }
    }
}
