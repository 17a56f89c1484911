package ai.rpo.spark.train;

import ai.rpo.core.Progress;
import ai.rpo.spark.device.LocalModel;
import java.util.Map;

/** Finds something out about checkpoints while training waits. */
@FunctionalInterface
public interface CheckpointMeasure {

    /**
     * Measures a checkpoint.
     *
     * @param step optimizer steps taken
     * @return numbers by the names under which {@code metrics.jsonl} has them; none where this checkpoint is passed over
     */
    Map<String, Double> measure(long step, LocalModel checkpoint, Progress progress);
}
