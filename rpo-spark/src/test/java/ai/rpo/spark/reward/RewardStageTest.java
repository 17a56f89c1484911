package ai.rpo.spark.reward;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.evaluate.Evaluation;
import ai.rpo.core.evaluate.PairResult;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.ExportForm;
import ai.rpo.core.model.LoraSettings;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.objective.BradleyTerry;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.train.SelectionSettings;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.spark.SparkTest;
import ai.rpo.spark.dataset.PairRows;
import ai.rpo.spark.reference.ScoreSettings;
import ai.rpo.spark.store.Fence;
import ai.rpo.spark.train.RandomModel;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SparkTest
class RewardStageTest {

    private static final SelectionSettings LAST = new SelectionSettings(Optional.empty(), 0);
    private static final List<TrainingExample> PAIRS = RandomModel.pairs(11);
    private static final double MARGIN = 0.5;
    private static SparkSession spark;

    private LoraSettings lora = LoraSettings.OFF;

    @TempDir
    Path work;

    @Test
    void membersLearnWhichIsBetterAndDiffer() throws IOException {
        RewardStage.Result result = train(settings(2, 12), "out", LAST, Progress.NONE);

        assertEquals(11, result.pairs());
        assertEquals(72, result.steps());
        List<JsonNode> metrics = metrics("out");
        assertEquals(72, metrics.size());
        for (int member = 0; member < 2; member++) {
            JsonNode first = metrics.get(36 * member);
            JsonNode last = metrics.get(36 * member + 35);
            assertEquals(member, first.get("member").asInt());
            assertEquals(36, last.get("step").asInt());
            assertTrue(last.get("loss").asDouble() < first.get("loss").asDouble(), first + " to " + last);
            double[] rewards = locally(work.resolve("out/member-" + member));
            List<PairResult> heldOut = result.heldOut().get(member);
            for (int i = 0; i < PAIRS.size(); i++) {
                assertEquals(rewards[2 * i], heldOut.get(i).chosenLogps(), 1e-5);
                assertEquals(rewards[2 * i + 1], heldOut.get(i).rejectedLogps(), 1e-5);
            }
        }
        assertFalse(Arrays.equals(weights("out/member-0"), weights("out/member-1")));
    }

    @Test
    void goesOnWhereItWasInterrupted() throws IOException {
        train(settings(2, 3), "whole", LAST, Progress.NONE);

        Progress power = (what, done, total) -> {
            if (what.equals("train member-1") && done > 4) {
                throw new InternalError("power cut");
            }
        };
        assertThrows(InternalError.class, () -> train(settings(2, 3), "cut", LAST, power));
        train(settings(2, 3), "cut", LAST, Progress.NONE);

        for (String member : List.of("/member-0", "/member-1")) {
            assertArrayEquals(weights("whole" + member), weights("cut" + member));
        }
        assertEquals(losses("whole"), losses("cut"));
    }

    @Test
    void anAdapterAndTheHeadMayBeTrainedInPlaceOfAllWeights() throws IOException {
        lora = new LoraSettings(2, 4, 0, List.of("all-linear"), false);
        RewardStage.Result result = train(settings(1, 12), "adapted", LAST, Progress.NONE);
        List<JsonNode> metrics = metrics("adapted");
        assertTrue(metrics.get(35).get("loss").asDouble()
                < metrics.get(0).get("loss").asDouble() - 0.01);
        double[] rewards = locally(work.resolve("adapted/member-0"));
        Path checkpoint = work.resolve("adapted/train/member-0/checkpoints/step-00000036");
        double[] unmerged = locally(ModelDirectory.openReward(checkpoint, work.resolve("start")));
        for (int i = 0; i < PAIRS.size(); i++) {
            assertEquals(rewards[2 * i], result.heldOut().get(0).get(i).chosenLogps(), 1e-5);
            assertEquals(rewards[2 * i + 1], unmerged[2 * i + 1], 1e-5);
        }

        Progress power = (what, done, total) -> {
            if (what.equals("train member-0") && done > 16) {
                throw new InternalError("power cut");
            }
        };
        assertThrows(InternalError.class, () -> train(settings(1, 12), "cut", LAST, power));
        train(settings(1, 12), "cut", LAST, Progress.NONE);
        assertArrayEquals(weights("adapted/member-0"), weights("cut/member-0"));
    }

    /** All pairs are one batch, so the first loss is that of the model as it begins. */
    @Test
    void theLossAsksForTheMarginsThatTheDataGive() throws IOException {
        TrainSettings still = settings(1, 1).training().toBuilder()
                .pairsPerBatch(11)
                .learningRate(0)
                .build();
        RewardStage.Result result =
                train(new RewardSettings(1, false, Optional.empty(), 0, still), "ahead", LAST, Progress.NONE);
        double[] rewards = locally(work.resolve("ahead/member-0"));
        double loss = 0;
        for (int i = 0; i < PAIRS.size(); i++) {
            loss += Math.log1p(Math.exp(MARGIN - rewards[2 * i] + rewards[2 * i + 1])) / PAIRS.size();
            assertEquals(MARGIN, result.heldOut().get(0).get(i).margin());
        }
        assertEquals(loss, metrics("ahead").get(0).get("loss").asDouble(), 1e-6);
        assertEquals(
                loss,
                Evaluation.of(result.heldOut().get(0), new BradleyTerry(0))
                        .get("loss")
                        .mean(),
                1e-6);
    }

    /** A row counts as often as it was drawn, and one that was not drawn does not. */
    @Test
    void membersMayLearnFromSamplesOfThePairs() throws IOException {
        TrainSettings still = settings(1, 1).training().toBuilder()
                .pairsPerBatch(11)
                .learningRate(0)
                .build();
        train(new RewardSettings(2, true, Optional.empty(), 0, still), "sampled", LAST, Progress.NONE);
        List<Double> losses = new ArrayList<>();
        for (int member = 0; member < 2; member++) {
            int[] drawn = new int[11];
            SplittableRandom random = new SplittableRandom(still.seed() + member);
            random.ints(11, 0, 11).forEach(row -> drawn[row]++);
            double[] rewards = locally(work.resolve("sampled/member-" + member));
            double loss = 0;
            for (int i = 0; i < 11; i++) {
                loss += drawn[i] * Math.log1p(Math.exp(MARGIN - rewards[2 * i] + rewards[2 * i + 1])) / 11;
            }
            losses.add(metrics("sampled").get(member).get("loss").asDouble());
            assertEquals(loss, losses.get(member), 1e-6);
        }
        assertNotEquals(losses.get(0), losses.get(1));
    }

    /** With a rate this high the loss goes up again. */
    @Test
    void theBestCheckpointOnHeldOutPairsBecomesTheMember() throws IOException {
        SelectionSettings selection = new SelectionSettings(Optional.of("loss"), 0);
        TrainSettings wild =
                settings(1, 4).training().toBuilder().learningRate(2).build();
        RewardStage.Result result =
                train(new RewardSettings(1, false, Optional.empty(), 0, wild), "chosen", selection, Progress.NONE);
        List<Double> held = metrics("chosen").stream()
                .filter(line -> line.has("held_out/loss"))
                .map(line -> line.get("held_out/loss").asDouble())
                .toList();
        assertEquals(4, held.size());
        double loss = result.heldOut().get(0).stream()
                .mapToDouble(pair -> Math.log1p(Math.exp(MARGIN + pair.rejectedLogps() - pair.chosenLogps())))
                .average()
                .orElseThrow();
        assertEquals(held.stream().min(Double::compare).orElseThrow(), loss, 1e-5);
    }

    @Test
    void membersThatWouldAllBeTheSameAreRefused() throws IOException {
        Path start = RandomModel.writeReward(work.resolve("trained"), 0.2, 1);
        TrainSettings ordered =
                settings(1, 1).training().toBuilder().shuffle(false).build();
        RpoException refused = assertThrows(
                RpoException.class,
                () -> RewardStage.requireTrainable(
                        start.toString(),
                        new RewardSettings(2, false, Optional.empty(), 0, ordered),
                        LoraSettings.OFF,
                        spark.sparkContext().hadoopConfiguration()));
        assertEquals(RpoException.Kind.CONFIGURATION, refused.kind());
        assertTrue(refused.getMessage().contains("they would all be the same"), refused.getMessage());
    }

    private static RewardSettings settings(int members, int epochs) {
        return new RewardSettings(
                members,
                false,
                Optional.empty(),
                0.01,
                TrainSettings.builder()
                        .epochs(epochs)
                        .pairsPerBatch(4)
                        .learningRate(0.01)
                        .warmupRatio(0)
                        .averagingFrequency(1)
                        .build());
    }

    private RewardStage.Result train(
            RewardSettings settings, String name, SelectionSettings selection, Progress progress) throws IOException {
        Path start = work.resolve("start");
        if (Files.notExists(start)) {
            RandomModel.write(start, 0.2);
            List<Row> rows = PAIRS.stream().map(PairRows::of).toList();
            spark.createDataFrame(rows, PairRows.SCHEMA)
                    .withColumn("margin", functions.lit(MARGIN))
                    .repartition(3)
                    .write()
                    .parquet(path("pairs").toString());
        }
        return new RewardStage(spark, start.toString(), settings, lora, new ScoreSettings(Precision.FLOAT32, 40))
                .run(
                        new RewardStage.Request(
                                path("pairs"),
                                Optional.of(path("pairs")),
                                path(name),
                                ExportForm::full,
                                "run",
                                selection,
                                Map.of(),
                                Fence.NONE),
                        progress);
    }

    private static double[] locally(Path member) {
        return locally(ModelDirectory.openReward(member));
    }

    private static double[] locally(ModelDirectory folder) {
        Backend backend = Backends.create(Precision.FLOAT32, 1);
        Parameters weights = Parameters.readOnly(folder.config(), folder.weights(), backend);
        try (ReferenceScorer scorer = new ReferenceScorer(new Decoder(folder.config(), backend), weights)) {
            return scorer.completionLogps(PAIRS.stream()
                    .map(pair -> new Example(pair.prompt(), List.of(pair.chosen(), pair.rejected())))
                    .toList());
        }
    }

    private float[] weights(String member) {
        ModelDirectory folder = ModelDirectory.openReward(work.resolve(member));
        ParameterLayout layout = ParameterLayout.of(folder.config());
        FloatBuffer all = FloatBuffer.allocate((int) layout.size());
        layout.entries().forEach(entry -> {
            float[] numbers = new float[(int) entry.size()];
            folder.weights().read(entry, 0, FloatBuffer.wrap(numbers));
            all.put(numbers);
        });
        return all.array();
    }

    private List<JsonNode> metrics(String name) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        try (Stream<String> text = Files.lines(work.resolve(name + "/metrics.jsonl"))) {
            for (String line : text.toList()) {
                lines.add(new ObjectMapper().readTree(line));
            }
        }
        return lines;
    }

    private List<JsonNode> losses(String name) throws IOException {
        return metrics(name).stream().map(line -> line.get("loss")).toList();
    }

    private org.apache.hadoop.fs.Path path(String name) {
        return new org.apache.hadoop.fs.Path(work.resolve(name).toUri());
    }
}
