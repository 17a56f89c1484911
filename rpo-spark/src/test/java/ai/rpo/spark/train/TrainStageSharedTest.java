package ai.rpo.spark.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.Progress;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.Dtype;
import ai.rpo.core.model.ExportForm;
import ai.rpo.core.model.LoraSettings;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ModelExport;
import ai.rpo.core.objective.BradleyTerry;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.train.OuterSettings;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.core.train.WorkerResources;
import ai.rpo.spark.SparkTest;
import ai.rpo.spark.dataset.PairRows;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.reference.ScoreSettings;
import ai.rpo.spark.reference.ScoreStage;
import ai.rpo.spark.reference.ScoredRows;
import ai.rpo.spark.store.Fence;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.StreamSupport;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole runs of a real model through the score and train jobs, against PyTorch step by step. */
@Tag("shared")
@SparkTest
class TrainStageSharedTest {

    private static final Path SHARED = Path.of(System.getProperty("rpo.shared"));
    private static SparkSession spark;

    @TempDir
    Path work;

    @ParameterizedTest
    @ValueSource(strings = {"dpo", "rpo"})
    void curveOfStories260k(String name) throws IOException {
        JsonNode golden = new ObjectMapper()
                .readTree(SHARED.resolve("golden/stories260k_run.json").toFile());
        JsonNode run = golden.get("runs").get(name);
        org.apache.hadoop.fs.Path prepared = write(golden.get("pairs"));
        org.apache.hadoop.fs.Path scored = path("scored");
        LocalModel model = LocalModel.of(
                SHARED.resolve("models/stories260k").toString(),
                spark.sparkContext().hadoopConfiguration());

        new ScoreStage(spark, model, new ScoreSettings(Precision.FLOAT32, 4096), path("scores"))
                .run(
                        new ScoreStage.Request(ScoredRows.PAIRS, prepared, scored, false, path("rejected"), 0),
                        Progress.NONE);
        RpoObjective objective =
                RpoObjective.paper(golden.get("beta").asDouble(), run.get("eta").asDouble());
        new TrainStage(spark, model, LoraSettings.OFF, objective, settings(golden), Precision.FLOAT32)
                .run(request(scored, name, true), Progress.NONE);

        compare(run.get("steps"), (expected, actual) -> {
            assertEquals(
                    expected.get("logps/chosen").asDouble(),
                    actual.get("logps/chosen").asDouble(),
                    0.2);
            assertEquals(
                    expected.get("lr").asDouble(), actual.get("learning_rate").asDouble(), 1e-12);
        });
    }

    @Test
    void curveOfARewardModelOnStories260k() throws IOException {
        JsonNode golden = new ObjectMapper()
                .readTree(SHARED.resolve("golden/stories260k_reward_run.json").toFile());
        JsonNode pairs = new ObjectMapper()
                .readTree(SHARED.resolve("golden/stories260k_run.json").toFile())
                .get("pairs");
        LocalModel start = LocalModel.ofReward(
                withHead(golden.get("score_weight")).toString(),
                spark.sparkContext().hadoopConfiguration());
        TrainSettings settings = settings(golden);
        new TrainStage(spark, start, LoraSettings.OFF, new BradleyTerry(0), settings, Precision.FLOAT32)
                .run(request(write(pairs), "reward", false), Progress.NONE);

        compare(
                golden.get("steps"),
                (expected, actual) -> assertEquals(
                        expected.get("margin").asDouble(),
                        actual.get("rewards/margins").asDouble(),
                        0.01));
    }

    /** Holds the losses against those of each step, and what else is to be held. */
    private void compare(JsonNode steps, BiConsumer<JsonNode, JsonNode> expectedAndActual) throws IOException {
        List<String> lines = Files.readAllLines(work.resolve("train/metrics.jsonl"));
        assertEquals(steps.size(), lines.size());
        for (int i = 0; i < lines.size(); i++) {
            JsonNode actual = new ObjectMapper().readTree(lines.get(i));
            double loss = steps.get(i).get("loss").asDouble();
            assertEquals(loss, actual.get("loss").asDouble(), Math.max(2e-3, 0.01 * loss), "loss of step " + i);
            expectedAndActual.accept(steps.get(i), actual);
        }
    }

    /** The language model under a head of these numbers. */
    private Path withHead(JsonNode numbers) {
        ModelDirectory language = ModelDirectory.openForRewards(SHARED.resolve("models/stories260k"), 0);
        Path folder = work.resolve("start");
        new ModelExport(language, Dtype.F32)
                .write(
                        folder,
                        (entry, offset, target) -> {
                            if (!entry.name().equals("score.weight")) {
                                language.weights().read(entry, offset, target);
                                return;
                            }
                            for (long i = offset; target.hasRemaining(); i++) {
                                target.put((float) numbers.get((int) i).asDouble());
                            }
                        },
                        Map.of());
        return folder;
    }

    private static TrainSettings settings(JsonNode golden) {
        return new TrainSettings(
                golden.get("epochs").asInt(),
                golden.get("batch").asInt(),
                2048,
                false,
                golden.get("lr").asDouble(),
                0.1,
                TrainSettings.Schedule.COSINE,
                TrainSettings.Optimizer.ADAMW,
                TrainSettings.OptimizerDevice.AUTO,
                0,
                1,
                0,
                false,
                1,
                1,
                1,
                0,
                0,
                1,
                OuterSettings.average(),
                WorkerResources.OF_ANY_TASK);
    }

    private TrainStage.Request request(org.apache.hadoop.fs.Path rows, String run, boolean referenceIsStart) {
        return new TrainStage.Request(
                rows,
                path("train"),
                path("model"),
                ExportForm.full(Dtype.F32),
                run,
                referenceIsStart,
                Map.of(),
                CheckpointChoice.LAST,
                Fence.NONE);
    }

    private org.apache.hadoop.fs.Path write(JsonNode all) {
        List<Row> rows = new ArrayList<>();
        for (JsonNode pair : all) {
            rows.add(PairRows.of(TrainingExample.pair(
                    rows.size(), ids(pair, "prompt"), ids(pair, "chosen"), ids(pair, "rejected"))));
        }
        org.apache.hadoop.fs.Path folder = path("prepared");
        spark.createDataFrame(rows, PairRows.SCHEMA).repartition(3).write().parquet(folder.toString());
        return folder;
    }

    private org.apache.hadoop.fs.Path path(String name) {
        return new org.apache.hadoop.fs.Path(work.resolve(name).toUri());
    }

    private static int[] ids(JsonNode pair, String name) {
        return StreamSupport.stream(pair.get(name).spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
    }
}
