package ai.rpo.spark.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.generate.SamplingSettings;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.spark.SparkTest;
import ai.rpo.spark.prepare.LetterModel;
import ai.rpo.spark.train.RandomModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SparkTest
class RpoTrainerTest {

    private static SparkSession spark;

    @TempDir
    private Path folder;

    private String sft;
    private String reward;
    private String runs;
    private Dataset<Row> pairs;

    @BeforeEach
    void aModelAndItsPairs() throws IOException {
        runs = folder.toString();
        sft = RandomModel.write(folder.resolve("sft"), 0.2).toString();
        LetterModel.write(folder.resolve("sft"));
        reward = RandomModel.writeReward(folder.resolve("reward"), 0.2, 3).toString();
        LetterModel.write(folder.resolve("reward"));
        pairs = spark.range(12)
                .selectExpr(
                        "id",
                        "concat('a', substring('bcdefghijklm', id + 1, 1)) AS prompt",
                        "'abc' AS chosen",
                        "'de' AS rejected");
    }

    /** Its statements stand in docs/library.md. */
    @Test
    void fittingPairsMakesTheChosenCompletionsMoreLikely() throws IOException {
        RpoModel aligned = RpoTrainer.of(sft)
                .objective(RpoObjective.paper(0.1, 0.5))
                .training(train -> train.epochs(4).pairsPerBatch(4).learningRate(0.02))
                .workDirectory(runs + "/first")
                .fit(pairs);

        Dataset<Row> before = LogpsScorer.of(sft).transform(pairs);
        Dataset<Row> after = aligned.logps(pairs);
        Dataset<Row> answers = aligned.completions(pairs, SamplingSettings.atTemperature(0.7, 4));
        Dataset<Row> rated = RewardScorer.of(reward).transform(answers.select("id", "prompt", "completion"));

        assertTrue(mean(after) > mean(before) + 0.5, mean(before) + " before, " + mean(after) + " after");
        assertEquals(
                12,
                answers.where("unfit IS NULL AND size(completion_ids) BETWEEN 1 AND 4")
                        .count());
        assertEquals(12, rated.where("unfit IS NULL AND reward IS NOT NULL").count());
        assertTrue(Files.readString(Path.of(runs, "first/train/metrics.jsonl")).startsWith("{\"step\":1,"));
        assertEquals(List.of("data", "model", "reference", "rows", "scores", "train"), names(Path.of(runs, "first")));
    }

    @Test
    void aModelIsCopiedWhereNothingIs() {
        RpoModel model = new RpoModel(sft, Precision.FLOAT32, TemplateChoice.USUAL);
        String copy = folder.resolve("copy").toString();
        model.save(copy, spark.sparkContext().hadoopConfiguration());
        RpoModel copied = new RpoModel(copy, Precision.FLOAT32, TemplateChoice.USUAL);
        assertEquals(mean(model.logps(pairs)), mean(copied.logps(pairs)), 1e-6);
        RpoException refused = assertThrows(
                RpoException.class, () -> model.save(copy, spark.sparkContext().hadoopConfiguration()));
        assertTrue(refused.getMessage().contains("something is there already"), refused.getMessage());
    }

    @Test
    void aWorkDirectoryWithSomethingInItIsLeftAlone() throws IOException {
        Files.createDirectories(folder.resolve("mine"));
        RpoException refused = assertThrows(
                RpoException.class, () -> RpoTrainer.of(sft).workDirectory(runs).fit(pairs));
        assertTrue(refused.getMessage().contains("is not empty"), refused.getMessage());
        assertTrue(assertThrows(RpoException.class, () -> RpoTrainer.of(sft).fit(pairs))
                .getMessage()
                .contains("no work directory"));
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static double mean(Dataset<Row> scored) {
        return scored.selectExpr("avg(ref_chosen_logps)").first().getDouble(0);
    }
}
