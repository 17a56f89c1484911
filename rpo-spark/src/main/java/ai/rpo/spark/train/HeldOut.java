package ai.rpo.spark.train;

import ai.rpo.core.Progress;
import ai.rpo.core.objective.Metric;
import ai.rpo.core.objective.Objective;
import ai.rpo.core.train.SelectionSettings;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.evaluate.EvaluateStage;
import ai.rpo.spark.reference.ScoreSettings;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * Pairs that training does not see, by which checkpoints are told apart.
 *
 * @param pairs folder of pairs with the reference's log-probabilities
 * @param settings with a metric
 */
public record HeldOut(Path pairs, Objective objective, ScoreSettings scoring, SelectionSettings settings) {

    /** By what checkpoints are told apart. */
    Metric metric() {
        return settings.metricOf(objective).orElseThrow();
    }

    /**
     * The metric of a model at any Hadoop path.
     *
     * @param start what its training started from
     */
    double measure(SparkSession spark, Path model, LocalModel start) {
        return new EvaluateStage(spark, scoring)
                .run(start.checkpoint(model.toString()), objective, pairs, Progress.NONE)
                .metrics()
                .get(metric().name())
                .mean();
    }
}
