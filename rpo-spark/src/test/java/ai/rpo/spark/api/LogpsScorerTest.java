package ai.rpo.spark.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import ai.rpo.spark.SparkTest;
import ai.rpo.spark.prepare.DataSettings.Fields;
import ai.rpo.spark.prepare.LetterModel;
import ai.rpo.spark.train.RandomModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Letters are tokens from 3 on, and the vocabulary ends behind p. */
@SparkTest
class LogpsScorerTest {

    private static SparkSession spark;

    @TempDir
    private Path folder;

    @BeforeEach
    void aModelThatReadsLetters() throws IOException {
        RandomModel.write(folder, 0.5);
        LetterModel.write(folder);
    }

    @Test
    void pairsKeepTheirColumnsAndGetReferenceLogps() {
        Dataset<Row> rows = spark.sql("SELECT * FROM VALUES (7L, 'ab', 'cd', 'e', date'2026-01-02'),"
                + " (8L, 'ab', 'ce', 'xyz', NULL), (9L, 'c', 'ab', 'cc', NULL)"
                + " AS t(id, prompt, chosen, rejected, day)");
        List<Row> scored = scorer().transform(rows).orderBy("id").collectAsList();

        assertEquals(
                "id,prompt,chosen,rejected,day,ref_chosen_logps,ref_rejected_logps,unfit",
                String.join(",", scored.get(0).schema().fieldNames()));
        assertEquals(rows.orderBy("id").first().getDate(4), scored.get(0).getDate(4));
        double[] expected = logps(new int[] {1, 3, 4}, new int[] {5, 6, 2}, new int[] {7, 2});
        assertEquals(expected[0], scored.get(0).getDouble(5), 1e-5);
        assertEquals(expected[1], scored.get(0).getDouble(6), 1e-5);
        assertNull(scored.get(0).getString(7));
        assertNull(scored.get(1).get(5));
        assertEquals(
                "token-out-of-range: rejected has id 26, the vocabulary ends at 18",
                scored.get(1).getString(7));
        assertNull(scored.get(2).getString(7));
    }

    @Test
    void promptsWithTheirCompletionGetOneLogp() {
        Dataset<Row> rows = spark.sql("SELECT array(1, 3) AS prompt_ids, array(4, 5, 2) AS completion_ids");
        Row scored = scorer().transform(rows).first();
        assertEquals(logps(new int[] {1, 3}, new int[] {4, 5, 2})[0], scored.<Double>getAs("logp"), 1e-5);
    }

    @Test
    void columnsMayHaveOtherNames() {
        Dataset<Row> rows = spark.sql("SELECT 'ab' AS question, 'c' AS good, 'd' AS bad");
        Fields names = new Fields(
                Optional.of("question"),
                Optional.of("good"),
                Optional.of("bad"),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of());
        Row scored = scorer().data(data -> data.fields(names)).transform(rows).first();
        assertEquals(logps(new int[] {1, 3, 4}, new int[] {5, 2})[0], scored.<Double>getAs("ref_chosen_logps"), 1e-5);
    }

    @Test
    void aRowInSmallBatchesHasTheScoreOfTheSameRowInALargeOne() {
        Dataset<Row> rows = spark.range(40).selectExpr("id", "'ab' AS prompt", "'cd' AS chosen", "'efgh' AS rejected");
        List<Double> scores = scorer().tokensPerBatch(1)
                .transform(rows)
                .map((MapFunction<Row, Double>) row -> row.<Double>getAs("ref_rejected_logps"), Encoders.DOUBLE())
                .collectAsList();
        assertEquals(40, scores.size());
        double expected = logps(new int[] {1, 3, 4}, new int[] {7, 8, 9, 10, 2})[0];
        scores.forEach(score -> assertEquals(expected, score, 1e-6));
    }

    @Test
    void whatCannotWorkIsSaidBeforeAnyWork() {
        Dataset<Row> rows = spark.sql("SELECT 1 AS a, 2 AS b");
        assertTrue(refused(rows).contains("none of its columns (a, b)"), refused(rows));
        Dataset<Row> scored = spark.sql("SELECT 'a' AS prompt, 'b' AS completion, 0.5 AS Logp");
        assertTrue(refused(scored).contains("has it already"), refused(scored));
        Dataset<Row> pair = spark.sql("SELECT 'a' AS prompt, 'b' AS completion");
        RpoException tooLong =
                assertThrows(RpoException.class, () -> scorer().data(data -> data.maxLength(OptionalInt.of(1000)))
                        .transform(pair));
        assertTrue(tooLong.getMessage().endsWith(". Lower data.maxLength."), tooLong.getMessage());
    }

    private String refused(Dataset<Row> rows) {
        return assertThrows(RpoException.class, () -> scorer().transform(rows)).getMessage();
    }

    private LogpsScorer scorer() {
        return LogpsScorer.of(folder.toString());
    }

    private double[] logps(int[] prompt, int[]... completions) {
        ModelDirectory model = ModelDirectory.open(folder);
        Backend backend = Backends.create(Precision.FLOAT32, 1);
        try (ReferenceScorer scorer = new ReferenceScorer(
                new Decoder(model.config(), backend), Parameters.readOnly(model.config(), model.weights(), backend))) {
            return scorer.completionLogps(List.of(new Example(prompt, List.of(completions))));
        }
    }
}
