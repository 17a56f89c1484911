package ai.rpo.spark.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.tensor.Precision;
import ai.rpo.spark.SparkTest;
import ai.rpo.spark.dataset.ExampleRows;
import ai.rpo.spark.dataset.PairRows;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.train.RandomModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SparkTest
class ScoreStoreTest {

    private static SparkSession spark;

    @TempDir
    Path work;

    @Test
    void whatAStoreKnowsIsNotComputedAgain() throws IOException {
        LocalModel model = model(0.2);
        write("a", pairs(20), 3);
        ScoreStage.Result first = score("a", model, Precision.FLOAT32, false);
        assertEquals(20, first.computed());
        List<Row> computed = scored("a");
        // Other rows beside them, in another order and other files, under another output.
        List<Row> more = pairs(26);
        write("b", more.subList(5, 26), 2);
        ScoreStage.Result second = score("b", model, Precision.FLOAT32, false);
        assertEquals(15, second.reused());
        assertEquals(6, second.computed());
        assertEquals(
                computed.subList(5, 20).toString(), scored("b").subList(0, 15).toString());
        ScoreStage.Result third = score("b", model, Precision.FLOAT32, false);
        assertEquals(21, third.reused());
        assertEquals(0, third.computed());
        assertEquals(0, third.tokensComputed());
    }

    @Test
    void aRowThatWasCutIsComputedAgainAndNoOther() throws IOException {
        LocalModel model = model(0.2);
        List<TrainingExample> pairs = new ArrayList<>(RandomModel.pairs(12));
        write("a", pairs.stream().map(PairRows::of).toList(), 2);
        score("a", model, Precision.FLOAT32, false);
        int cut = 0;
        for (int i = 0; i < pairs.size(); i++) {
            TrainingExample pair = pairs.get(i);
            if (pair.chosen().length > 3) {
                int[] chosen = Arrays.copyOf(pair.chosen(), 3);
                pairs.set(i, TrainingExample.pair(pair.ordinal(), pair.prompt(), chosen, pair.rejected()));
                cut++;
            }
        }
        assertTrue(cut > 0);
        write("b", pairs.stream().map(PairRows::of).toList(), 2);
        assertEquals(cut, score("b", model, Precision.FLOAT32, false).computed());
    }

    @Test
    void scoresOfSeveralReferencesLieBesideEachOther() throws IOException {
        LocalModel one = model(0.2);
        LocalModel other = model(0.3);
        write("a", pairs(9), 2);
        assertEquals(9, score("a", one, Precision.FLOAT32, false).computed());
        List<Row> ofOne = scored("a");
        assertEquals(9, score("a", other, Precision.FLOAT32, false).computed());
        assertEquals(9, score("a", one, Precision.BFLOAT16, false).computed());
        assertEquals(9, score("a", other, Precision.FLOAT32, false).reused());
        assertEquals(9, score("a", one, Precision.FLOAT32, false).reused());
        assertEquals(ofOne.toString(), scored("a").toString());
        try (Stream<Path> stores = Files.list(work.resolve("cache"))) {
            assertEquals(3, stores.count());
        }
    }

    @Test
    void aDamagedFileCostsTheRowsThatItHeld() throws IOException {
        LocalModel model = model(0.2);
        write("a", pairs(20), 4);
        score("a", model, Precision.FLOAT32, false);
        List<Path> files = storeFiles();
        assertTrue(files.size() > 1, files::toString);
        byte[] whole = Files.readAllBytes(files.get(0));
        Files.write(files.get(0), Arrays.copyOf(whole, whole.length / 2));
        ScoreStage.Result again = score("a", model, Precision.FLOAT32, false);
        assertTrue(again.computed() > 0 && again.computed() < 20, again::toString);
        assertEquals(20, again.computed() + again.reused());
    }

    @Test
    void tokensAreScoredWhereWantedAndSumToTheirCompletion() throws IOException {
        LocalModel model = model(0.2);
        write("a", pairs(10), 2);
        score("a", model, Precision.FLOAT32, false);
        assertEquals(10, score("a", model, Precision.FLOAT32, true).computed());
        assertEquals(10, score("a", model, Precision.FLOAT32, true).reused());
        for (Row row : scored("a")) {
            assertEquals(row.getList(1).size(), row.<Integer>getAs("prompt_tokens"));
            for (String side : List.of("chosen", "rejected")) {
                List<Float> logps = row.getList(row.fieldIndex("ref_" + side + "_token_logps"));
                assertEquals(row.<Integer>getAs(side + "_tokens"), logps.size());
                double sum = logps.stream().mapToDouble(Float::doubleValue).sum();
                assertEquals(row.<Double>getAs("ref_" + side + "_logps"), sum, 1e-5 * Math.abs(sum));
            }
        }
    }

    @Test
    void plainRowsGetOneLogp() throws IOException {
        LocalModel model = model(0.2);
        List<TrainingExample> pairs = RandomModel.pairs(7);
        write("pairs", pairs.stream().map(PairRows::of).toList(), 1);
        score("pairs", model, Precision.FLOAT32, false);
        write(
                "plain",
                pairs.stream()
                        .map(p -> ExampleRows.of(TrainingExample.supervised(p.ordinal(), p.prompt(), p.rejected())))
                        .toList(),
                2,
                ExampleRows.SCHEMA);
        assertEquals(
                7,
                run("plain", ScoredRows.EXAMPLES, model, Precision.FLOAT32, false, 0.5)
                        .computed());
        List<Row> plain = scored("plain");
        List<Row> asPairs = scored("pairs");
        for (int i = 0; i < 7; i++) {
            assertEquals(
                    asPairs.get(i).<Double>getAs("ref_rejected_logps"),
                    plain.get(i).<Double>getAs("logp"),
                    1e-4);
            assertEquals(pairs.get(i).rejected().length, plain.get(i).<Integer>getAs("completion_tokens"));
        }
        assertArrayEquals(
                new String[] {"ordinal", "prompt_ids", "completion_ids", "logp", "prompt_tokens", "completion_tokens"},
                plain.get(0).schema().fieldNames());
    }

    /** As those of a pair are that whoever made it has rated. */
    @Test
    void completionsThatWereScoredAloneMakeAPairsScore() throws IOException {
        LocalModel model = model(0.2);
        List<TrainingExample> pairs = RandomModel.pairs(7);
        List<Row> sides = new ArrayList<>();
        for (TrainingExample pair : pairs) {
            for (int[] side : pair.ordinal() == pairs.get(3).ordinal()
                    ? List.of(pair.chosen())
                    : List.of(pair.rejected(), pair.chosen())) {
                sides.add(ExampleRows.of(TrainingExample.supervised(sides.size(), pair.prompt(), side)));
            }
        }
        write("sides", sides, 2, ExampleRows.SCHEMA);
        run("sides", ScoredRows.EXAMPLES, model, Precision.FLOAT32, true, 0.5);
        write("a", pairs.stream().map(PairRows::of).toList(), 2);
        ScoreStage.Result result = score("a", model, Precision.FLOAT32, true);
        assertEquals(6, result.reused());
        assertEquals(1, result.computed());
        List<Row> known = scored("a");
        ScoreStage.Result anew = new ScoreStage(spark, model, new ScoreSettings(Precision.FLOAT32, 30), path("other"))
                .run(
                        new ScoreStage.Request(
                                ScoredRows.PAIRS, path("a"), path("a-scored"), true, path("rejected"), 0.5),
                        Progress.NONE);
        assertEquals(7, anew.computed());
        for (int i = 0; i < 7; i++) {
            for (String side : List.of("chosen", "rejected")) {
                Row expected = scored("a").get(i);
                String column = "ref_" + side + "_logps";
                assertEquals(expected.<Double>getAs(column), known.get(i).<Double>getAs(column), 1e-4);
                String tokens = "ref_" + side + "_token_logps";
                assertEquals(
                        expected.getList(expected.fieldIndex(tokens)).size(),
                        known.get(i).getList(expected.fieldIndex(tokens)).size());
            }
        }
    }

    /** Samples of one prompt are computed with one prompt, even where their file is dealt to several tasks. */
    @Test
    void samplesOfAPromptStayTogether() throws IOException {
        LocalModel model = model(0.2);
        List<Row> rows = new ArrayList<>();
        int tokens = 0;
        for (TrainingExample pair : RandomModel.pairs(8)) {
            rows.add(ExampleRows.of(TrainingExample.supervised(rows.size(), pair.prompt(), pair.chosen())));
            rows.add(ExampleRows.of(TrainingExample.supervised(rows.size(), pair.prompt(), pair.rejected())));
            tokens += pair.example().packedRows();
        }
        write("a", rows, 1, ExampleRows.SCHEMA);
        ScoreStage.Result result = new ScoreStage(
                        spark, model, new ScoreSettings(Precision.FLOAT32, 4096), path("cache"))
                .run(
                        new ScoreStage.Request(
                                ScoredRows.EXAMPLES, path("a"), path("a-scored"), false, path("rejected"), 0.5),
                        Progress.NONE);
        assertEquals(16, result.computed());
        assertEquals(tokens, result.tokensComputed());
        assertEquals(16, scored("a").size());
    }

    @Test
    void rowsWithoutAFiniteScoreAreLeftOutAndListed() throws IOException {
        LocalModel model = model(0.2);
        List<TrainingExample> pairs = RandomModel.pairs(6);
        List<Row> rows = new ArrayList<>(pairs.stream().map(PairRows::of).toList());
        rows.set(2, PairRows.of(pairs.get(2).withReference(Double.NaN, -3)));
        write("a", rows, 1);
        ScoreStage.Result result = score("a", model, Precision.FLOAT32, false);
        assertEquals(1, result.notFinite());
        assertEquals(5, result.scored());
        assertEquals(5, scored("a").size());
        Row listed =
                spark.read().json(work.resolve("rejected").toUri().toString()).first();
        assertEquals(pairs.get(2).ordinal(), listed.<Long>getAs("ordinal"));
        assertEquals("given-logps-not-finite", listed.getAs("reason"));
        assertEquals("chosen NaN, rejected -3.0", listed.getAs("detail"));

        write("a", rows.subList(3, 6), 1);
        assertEquals(0, score("a", model, Precision.FLOAT32, false).notFinite());
        try (Stream<Path> left = Files.list(work.resolve("rejected"))) {
            assertEquals(List.of(), left.toList());
        }
    }

    /** Weights so large that the feed-forward overflows float32, and not the norm before it, which would then give 0. */
    @Test
    void aModelWithoutFiniteScoresIsRefused() throws IOException {
        write("a", pairs(4), 1);
        RpoException refused = assertThrows(
                RpoException.class, () -> run("a", ScoredRows.PAIRS, model(1e15), Precision.FLOAT32, false, 1));
        assertEquals(RpoException.Kind.DATA, refused.kind());
        assertTrue(refused.getMessage().contains("4 of 4 rows have log-probabilities that are not finite"));
        assertEquals(
                4,
                spark.read().json(work.resolve("rejected").toUri().toString()).count());
        assertEquals(List.of(), storeFiles());
    }

    private static List<Row> pairs(int count) {
        return RandomModel.pairs(count).stream().map(PairRows::of).toList();
    }

    private ScoreStage.Result score(String name, LocalModel model, Precision precision, boolean perToken) {
        return run(name, ScoredRows.PAIRS, model, precision, perToken, 0.5);
    }

    private ScoreStage.Result run(
            String name, ScoredRows kind, LocalModel model, Precision precision, boolean perToken, double mostUnfit) {
        return new ScoreStage(spark, model, new ScoreSettings(precision, 30), path("cache"))
                .run(
                        new ScoreStage.Request(
                                kind, path(name), path(name + "-scored"), perToken, path("rejected"), mostUnfit),
                        Progress.NONE);
    }

    private LocalModel model(double scale) throws IOException {
        Path folder = RandomModel.write(work.resolve("model-" + scale), scale);
        return LocalModel.of(folder.toString(), spark.sparkContext().hadoopConfiguration());
    }

    private void write(String name, List<Row> rows, int shards) {
        write(name, rows, shards, PairRows.SCHEMA);
    }

    private void write(String name, List<Row> rows, int shards, StructType schema) {
        spark.createDataFrame(rows, schema)
                .repartition(shards)
                .write()
                .mode("overwrite")
                .parquet(path(name).toString());
    }

    /** In the order of ordinals. */
    private List<Row> scored(String name) {
        return spark.read()
                .parquet(path(name + "-scored").toString())
                .orderBy("ordinal")
                .collectAsList();
    }

    private List<Path> storeFiles() throws IOException {
        try (Stream<Path> files = Files.walk(work.resolve("cache"))) {
            return files.filter(file -> file.toString().endsWith(".parquet"))
                    .sorted()
                    .toList();
        }
    }

    private org.apache.hadoop.fs.Path path(String name) {
        return new org.apache.hadoop.fs.Path(work.resolve(name).toUri());
    }
}
