package ai.rpo.core.train;

import ai.rpo.core.CostOnly;
import java.util.ArrayList;
import java.util.List;

/**
 * Says what a training worker asks the cluster for, where that differs from what other tasks do; the keys of
 * {@code rpo.train.resources}.
 *
 * @param cpus cores of its executor; 0 for what {@code spark.task.cpus} says
 * @param gpus 0 for what {@code spark.task.resource.gpu.amount} says, or 1
 */
public record WorkerResources(@CostOnly int cpus, @CostOnly int gpus) {

    /** Asks for the same as other tasks. */
    public static final WorkerResources OF_ANY_TASK = new WorkerResources(0, 0);

    public WorkerResources {
        List<String> problems = new ArrayList<>();
        if (cpus < 0) {
            problems.add("cpus must be at least 0, but is " + cpus);
        }
        if (gpus < 0 || gpus > 1) {
            problems.add("gpus must be 0 or 1, but is " + gpus);
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }
}
