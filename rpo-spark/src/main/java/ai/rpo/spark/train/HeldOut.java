package ai.rpo.spark.train;

import ai.rpo.core.Progress;
import ai.rpo.core.objective.Metric;
import ai.rpo.core.objective.Objective;
import ai.rpo.core.train.SelectionSettings;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.evaluate.EvaluateStage;
import ai.rpo.spark.reference.ScoreSettings;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * Measures checkpoints on pairs that training does not see.
 *
 * @param pairs folder of pairs with the reference's log-probabilities
 * @param metric of the objective
 */
public record HeldOut(SparkSession spark, Path pairs, Objective objective, ScoreSettings scoring, Metric metric)
        implements CheckpointMeasure {

    private static final String PREFIX = "held_out/";

    /** Has the metric of the settings, which name one, choose the checkpoint. */
    public static CheckpointChoice choice(
            SparkSession spark, Path pairs, Objective objective, ScoreSettings scoring, SelectionSettings settings) {
        Metric metric = settings.metricOf(objective).orElseThrow();
        return new CheckpointChoice(
                List.of(new HeldOut(spark, pairs, objective, scoring, metric)),
                PREFIX + metric.name(),
                metric.better(),
                settings.patience());
    }

    @Override
    public Map<String, Double> measure(long step, LocalModel checkpoint, Progress progress) {
        double value = new EvaluateStage(spark, scoring)
                .run(checkpoint, objective, pairs, Progress.NONE)
                .metrics()
                .get(metric.name())
                .mean();
        return Map.of(PREFIX + metric.name(), value);
    }
}
