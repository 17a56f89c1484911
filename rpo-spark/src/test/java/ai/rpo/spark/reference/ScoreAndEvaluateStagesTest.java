package ai.rpo.spark.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.evaluate.Estimate;
import ai.rpo.core.evaluate.Evaluation;
import ai.rpo.core.evaluate.PairResult;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import ai.rpo.spark.SparkTest;
import ai.rpo.spark.dataset.PairRows;
import ai.rpo.spark.dataset.ParquetShards;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.evaluate.EvaluateStage;
import ai.rpo.spark.train.RandomModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SparkTest
class ScoreAndEvaluateStagesTest {

    private static final RpoObjective OBJECTIVE = RpoObjective.paper(0.5, 1);
    private static SparkSession spark;

    @TempDir
    Path work;

    @Test
    void scoresAreThoseOfTheLocalScorerHoweverRowsLie() throws IOException {
        List<TrainingExample> pairs = RandomModel.pairs(23);
        LocalModel model = model(0.2);
        List<TrainingExample> expected = score(scorer(model), pairs);
        List<Row> rows = pairs.stream().map(PairRows::of).toList();
        for (int[] split : new int[][] {{1, 4096}, {1, 1}, {7, 30}}) {
            String name = "shards-" + split[0] + "-" + split[1];
            write(name, rows, split[0]);
            ScoreStage.Result result = score(name, model, split[1]);
            assertEquals(23, result.rows());
            assertEquals(23, result.computed());
            assertEquals(0, result.given());
            assertScores(expected, read(name + "-scored"));
        }
    }

    @Test
    void rowsThatBringTheirReferencesKeepThem() throws IOException {
        List<TrainingExample> pairs = RandomModel.pairs(8);
        LocalModel model = model(0.2);
        List<TrainingExample> expected = new ArrayList<>(score(scorer(model), pairs));
        List<Row> rows = new ArrayList<>(pairs.stream().map(PairRows::of).toList());
        for (int i = 0; i < 8; i += 3) {
            TrainingExample given = pairs.get(i).withReference(-100.25 - i, -200.5);
            rows.set(i, PairRows.of(given));
            expected.set(i, given);
        }
        write("mixed", rows, 3);
        ScoreStage.Result result = score("mixed", model, 4096);
        assertEquals(8, result.rows());
        assertEquals(3, result.given());
        assertScores(expected, read("mixed-scored"));
    }

    @Test
    void evaluatesUnderThePolicyHoweverRowsLie() throws IOException {
        List<TrainingExample> scored = RandomModel.scored(17);
        LocalModel policy = model(0.3);
        List<TrainingExample> underPolicy = score(scorer(policy), scored);
        Map<String, Estimate> expected = Evaluation.of(
                IntStream.range(0, 17)
                        .mapToObj(i -> new PairResult(
                                scored.get(i),
                                underPolicy.get(i).referenceLogps()[0],
                                underPolicy.get(i).referenceLogps()[1]))
                        .toList(),
                OBJECTIVE);
        List<Row> rows = scored.stream().map(PairRows::of).toList();
        for (int shards : new int[] {1, 5}) {
            EvaluateStage.Result result = new EvaluateStage(spark, new ScoreSettings(Precision.FLOAT32, 40))
                    .run(policy, OBJECTIVE, write("held-out-" + shards, rows, shards), Progress.NONE);
            assertEquals(17, result.pairs());
            assertEquals(expected.keySet(), result.metrics().keySet());
            expected.forEach((name, estimate) -> {
                assertEquals(estimate.mean(), result.metrics().get(name).mean(), 1e-4, name);
                assertEquals(estimate.low(), result.metrics().get(name).low(), 1e-4, name);
            });
        }
    }

    @Test
    void refusesToEvaluateNothing() throws IOException {
        LocalModel policy = model(0.2);
        org.apache.hadoop.fs.Path empty = write("empty", List.of(), 1);
        RpoException refused = assertThrows(
                RpoException.class, () -> new EvaluateStage(spark, new ScoreSettings(Precision.FLOAT32, 40))
                        .run(policy, OBJECTIVE, empty, Progress.NONE));
        assertTrue(refused.getMessage().contains("holds no pairs"), refused.getMessage());
    }

    /** Weights so large that the feed-forward overflows float32, and not the norm before it, which would then give 0. */
    @Test
    void evaluationStopsAtNumbersThatAreNotFinite() throws IOException {
        LocalModel huge = model(1e15);
        ScoreSettings settings = new ScoreSettings(Precision.FLOAT32, 1);
        org.apache.hadoop.fs.Path rows =
                write("rows", RandomModel.scored(2).stream().map(PairRows::of).toList(), 1);
        Exception evaluate = assertThrows(
                Exception.class, () -> new EvaluateStage(spark, settings).run(huge, OBJECTIVE, rows, Progress.NONE));
        RpoException cause = known(evaluate);
        assertEquals(RpoException.Kind.DATA, cause.kind());
        assertTrue(cause.getMessage().startsWith("Cannot score the pair with ordinal "), cause.getMessage());
    }

    private static RpoException known(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof RpoException known) {
                return known;
            }
        }
        throw new AssertionError("no failure that a user can act on", thrown);
    }

    private static List<TrainingExample> score(ReferenceScorer scorer, List<TrainingExample> pairs) {
        double[] logps = scorer.completionLogps(
                pairs.stream().map(TrainingExample::example).toList());
        return IntStream.range(0, pairs.size())
                .mapToObj(i -> pairs.get(i).withReference(logps[2 * i], logps[2 * i + 1]))
                .toList();
    }

    private static void assertScores(List<TrainingExample> expected, List<TrainingExample> actual) {
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
            TrainingExample pair = expected.get(i);
            assertEquals(pair.ordinal(), actual.get(i).ordinal());
            assertArrayEquals(pair.prompt(), actual.get(i).prompt());
            assertArrayEquals(pair.chosen(), actual.get(i).chosen());
            assertArrayEquals(pair.rejected(), actual.get(i).rejected());
            assertEquals(expected.get(i).referenceLogps()[0], actual.get(i).referenceLogps()[0], 1e-4);
            assertEquals(expected.get(i).referenceLogps()[1], actual.get(i).referenceLogps()[1], 1e-4);
        }
    }

    private ScoreStage.Result score(String name, LocalModel model, int tokensPerBatch) {
        ScoreSettings settings = new ScoreSettings(Precision.FLOAT32, tokensPerBatch);
        return new ScoreStage(spark, model, settings, path(name + "-store"))
                .run(
                        new ScoreStage.Request(
                                ScoredRows.PAIRS, path(name), path(name + "-scored"), false, path("rejected"), 0.5),
                        Progress.NONE);
    }

    private LocalModel model(double scale) throws IOException {
        Path folder = RandomModel.write(work.resolve("model-" + scale), scale);
        return LocalModel.of(folder.toString(), spark.sparkContext().hadoopConfiguration());
    }

    private static ReferenceScorer scorer(LocalModel model) {
        ModelDirectory folder = model.open();
        Backend backend = Backends.create(Precision.FLOAT32, 1);
        ParameterLayout layout = ParameterLayout.of(folder.config());
        Parameters weights = new Parameters(layout, backend.allocate(layout.size()));
        weights.load(folder.weights());
        return new ReferenceScorer(new Decoder(folder.config(), backend), weights);
    }

    private org.apache.hadoop.fs.Path write(String name, List<Row> rows, int shards) {
        org.apache.hadoop.fs.Path folder = path(name);
        spark.createDataFrame(rows, PairRows.SCHEMA).repartition(shards).write().parquet(folder.toString());
        return folder;
    }

    private List<TrainingExample> read(String name) {
        return ParquetShards.readInOrder(spark, path(name), PairRows.SCHEMA).collectAsList().stream()
                .map(PairRows::scored)
                .toList();
    }

    private org.apache.hadoop.fs.Path path(String name) {
        return new org.apache.hadoop.fs.Path(work.resolve(name).toUri());
    }
}
