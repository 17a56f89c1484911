package ai.rpo.spark.device;

import java.util.Properties;
import org.apache.spark.TaskContext$;
import org.apache.spark.TaskContextImpl;
import org.apache.spark.executor.TaskMetrics;
import org.apache.spark.resource.ResourceInformation;
import scala.collection.immutable.Map;

/** Stands for a task to which Spark gave GPUs: a local session gives none. */
public final class GpuTask implements AutoCloseable {

    /** The calling thread runs the task until it is closed. Two addresses are refused by whoever claims them. */
    public GpuTask(String... addresses) {
        Map<String, ResourceInformation> resources = new Map.Map1<>("gpu", new ResourceInformation("gpu", addresses));
        TaskContext$.MODULE$.setTaskContext(
                new TaskContextImpl(0, 0, 0, 0, 0, 1, null, new Properties(), null, TaskMetrics.empty(), 1, resources));
    }

    @Override
    public void close() {
        TaskContext$.MODULE$.unset();
    }
}
