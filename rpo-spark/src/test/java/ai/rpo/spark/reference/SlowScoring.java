package ai.rpo.spark.reference;

import ai.rpo.core.Progress;
import ai.rpo.core.tensor.Precision;
import ai.rpo.spark.device.LocalModel;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/** A program that scores {@code WORK/rows} pair by pair, to be killed while it does: {@code SlowScoring WORK MODEL}. */
final class SlowScoring {

    private SlowScoring() {}

    public static void main(String[] arguments) {
        Path work = new Path(arguments[0]);
        try (SparkSession spark = SparkSession.builder()
                .master("local[1]")
                .config("spark.ui.enabled", false)
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .getOrCreate()) {
            LocalModel model = LocalModel.of(arguments[1], new Configuration());
            new ScoreStage(spark, model, new ScoreSettings(Precision.FLOAT32, 1), new Path(work, "cache"))
                    .run(
                            new ScoreStage.Request(
                                    ScoredRows.PAIRS,
                                    new Path(work, "rows"),
                                    new Path(work, "killed"),
                                    false,
                                    new Path(work, "rejected"),
                                    0),
                            Progress.NONE);
        }
    }
}
