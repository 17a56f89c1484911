package ai.rpo.spark.generate;

import ai.rpo.core.Progress;
import ai.rpo.core.generate.SamplingSettings;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.generate.GenerateSettings.OutputFormat;
import ai.rpo.spark.store.ArtifactDirectory;
import ai.rpo.spark.store.Fence;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/** A program that continues prompts one by one, to be killed while it does: {@code SlowGeneration MODEL PROMPTS OUTPUT}. */
final class SlowGeneration {

    static final String DIGEST = "of a run that is killed";

    private SlowGeneration() {}

    public static void main(String[] arguments) {
        try (SparkSession spark = SparkSession.builder()
                .master("local[1]")
                .config("spark.ui.enabled", false)
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .getOrCreate()) {
            run(spark, arguments[0], arguments[1], arguments[2], Progress.NONE);
        }
    }

    static GenerateStage.Result run(
            SparkSession spark, String model, String prompts, String output, Progress progress) {
        GenerateSettings settings = new GenerateSettings(
                List.of(prompts), OutputFormat.JSONL, 1, 7, 1, List.of(), Map.of(), SamplingSettings.greedy(40));
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        LocalModel local = LocalModel.of(model, hadoop);
        return new GenerateStage(spark, local, TemplateChoice.USUAL, PromptSource.USUAL, Precision.FLOAT32, settings)
                .run(new ArtifactDirectory(new Path(output), Fence.NONE, hadoop), DIGEST, progress);
    }
}
