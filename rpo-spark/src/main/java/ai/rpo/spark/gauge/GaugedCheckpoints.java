package ai.rpo.spark.gauge;

import ai.rpo.core.Progress;
import ai.rpo.core.objective.Metric;
import ai.rpo.core.train.SelectionSettings;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.train.CheckpointChoice;
import ai.rpo.spark.train.CheckpointMeasure;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures the checkpoints of a training as they come.
 *
 * @param every optimizer steps at least from one measured checkpoint to the next; 0 for all
 */
public record GaugedCheckpoints(PolicyGauge gauge, int every) implements CheckpointMeasure {

    /** Says what {@code metrics.jsonl} and {@code rpo.selection} put before the names of a point's numbers. */
    public static final String PREFIX = "gauge/";

    /** Has what is measured, by the metric of the settings, choose the checkpoint. */
    public static CheckpointChoice choice(SelectionSettings settings) {
        String metric = settings.metric().orElseThrow();
        return new CheckpointChoice(List.of(), PREFIX + metric, Metric.Better.HIGHER, settings.patience());
    }

    @Override
    public Map<String, Double> measure(long step, LocalModel checkpoint, Progress progress) {
        Map<String, Double> numbers = new LinkedHashMap<>();
        if (isDue(step)) {
            GaugePoint point = gauge.measure(step, checkpoint, progress);
            numbers.put(PREFIX + "kl", point.kl().mean());
            point.rewards().forEach((name, reward) -> numbers.put(PREFIX + name, reward));
        }
        return numbers;
    }

    /** Tells whether a checkpoint is far enough from the one that was measured before it. */
    public boolean isDue(long step) {
        long before = gauge.points().stream()
                .mapToLong(GaugePoint::step)
                .filter(other -> other < step)
                .max()
                .orElse(0);
        return step - before >= every;
    }
}
