package ai.rpo.spark.prepare;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.spark.SparkTest;
import ai.rpo.spark.dataset.ExampleRows;
import ai.rpo.spark.dataset.PairRows;
import ai.rpo.spark.dataset.ParquetShards;
import ai.rpo.spark.prepare.DataSettings.Fields;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of rows that are as they should be. */
@SparkTest
class PrepareStageTest {

    private static SparkSession spark;

    @TempDir
    private Path folder;

    private PrepareFixture work;

    @BeforeEach
    void writeModel() {
        work = new PrepareFixture(spark, folder);
    }

    @Test
    void textPairsBecomeShardsInTheOrderOfTheInput() throws IOException {
        Path input = work.lines(
                "data.jsonl",
                IntStream.range(0, 200).mapToObj(PrepareFixture::pair).toList());

        Prepared counts = work.prepare(input);

        assertEquals(new Prepared(200, 200, 200 * 10, 0, 0, 0), counts);
        List<TrainingExample> pairs = work.pairs("train");
        for (int i = 0; i < 200; i++) {
            assertEquals(i, pairs.get(i).ordinal());
            assertArrayEquals(
                    new int[] {1, 3 + i % 26, 3 + i / 26}, pairs.get(i).prompt());
            assertArrayEquals(new int[] {3, 4, 5, 2}, pairs.get(i).chosen());
            assertArrayEquals(new int[] {6, 7, 2}, pairs.get(i).rejected());
        }
        JsonNode report = work.report();
        assertEquals(200, report.at("/train/rows").asInt());
        assertEquals(1.0, report.at("/train/chosen_longer_rate").asDouble());
        assertEquals(3, report.at("/train/lengths/prompt/median").asInt());
        assertEquals(200, report.at("/train/lengths/chosen/histogram/0/rows").asInt());
        assertFalse(Files.exists(work.path("rejected")));
    }

    @Test
    void tokenisedRowsAreKeptAsTheyAreAndNeedNoTokenizer() throws IOException {
        Path input = work.lines(
                "data.jsonl",
                List.of(
                        "{\"prompt_ids\": [5], \"chosen_ids\": [6, 7], \"rejected_ids\": [8],"
                                + " \"ref_chosen_logps\": -1.5, \"ref_rejected_logps\": -0.25}",
                        "{\"prompt_ids\": [5, 1], \"chosen_ids\": [2], \"rejected_ids\": [2, 2]}"));

        work.prepare(PlainSettings.of(input).build(), RowKind.PAIRS, LetterModel.at(work.path("no-model")));

        List<Row> rows = work.rows("train");
        TrainingExample scored = PairRows.scored(rows.get(0));
        assertArrayEquals(new int[] {6, 7}, scored.chosen());
        assertEquals(-1.5, scored.referenceLogps()[0]);
        assertFalse(PairRows.isScored(rows.get(1)));
        assertArrayEquals(new int[] {2, 2}, PairRows.pair(rows.get(1)).rejected());
    }

    @Test
    void textNeedsATokenizer() throws IOException {
        Path input = work.lines("data.jsonl", List.of(PrepareFixture.pair(0)));
        RpoException e = assertThrows(
                RpoException.class,
                () -> work.prepare(
                        PlainSettings.of(input).build(), RowKind.PAIRS, LetterModel.at(work.path("no-model"))));
        assertEquals(RpoException.Kind.CONFIGURATION, e.kind());
        assertTrue(e.getMessage().contains("has no tokenizer.json"), e.getMessage());
    }

    @Test
    void supervisedRowsKeepTheirCompletion() throws IOException {
        Path input = work.lines(
                "data.jsonl",
                List.of(
                        "{\"prompt\": \"ab\", \"completion\": \"c\"}",
                        "{\"prompt_ids\": [4], \"completion_ids\": [5, 6]}",
                        PrepareFixture.pair(0)));

        Prepared counts = work.prepare(PlainSettings.of(input).build(), RowKind.EXAMPLES, work.model());

        assertEquals(1, counts.rejectedRows());
        List<TrainingExample> examples =
                ParquetShards.readInOrder(spark, work.hadoop("data/train"), ExampleRows.SCHEMA).collectAsList().stream()
                        .map(ExampleRows::example)
                        .toList();
        assertArrayEquals(new int[] {1, 3, 4}, examples.get(0).prompt());
        assertArrayEquals(new int[] {5, 2}, examples.get(0).chosen());
        assertArrayEquals(new int[] {5, 6}, examples.get(1).chosen());
    }

    @Test
    void ratedRowsBecomeAllTheirPairs() throws IOException {
        Path data = work.lines(
                "rated.jsonl",
                "{\"question\": \"a\", \"answers\": [\"b\", \"c\", \"d\"], \"stars\": [1, 3, 2]}",
                "{\"question\": \"b\", \"answers\": [\"b\", \"c\"], \"stars\": [1, 1]}",
                "{\"question\": \"c\", \"answers\": [\"b\", \"c\"], \"stars\": [1, 2]}");
        Fields fields = new Fields(
                Optional.of("question"),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of("answers"),
                Optional.of("stars"),
                Optional.empty(),
                List.of());
        Prepared counts = work.prepare(
                PlainSettings.of(data).fields(fields).allRatedPairs().build());
        assertEquals(4, counts.trainRows());
        assertEquals(1, counts.rejectedRows());
        assertEquals(
                List.of(
                        "0 [1, 3] [5, 2] [6, 2]",
                        "1 [1, 3] [5, 2] [4, 2]",
                        "2 [1, 3] [6, 2] [4, 2]",
                        "3 [1, 5] [5, 2] [4, 2]"),
                work.pairsAsText());
        assertEquals(Map.of("tied", List.of(2)), work.rejectedLines());
    }

    @Test
    void theSamePromptsAreHeldOutWhereverTheyStand() throws IOException {
        List<String> rows = IntStream.range(0, 400)
                .mapToObj(i -> PrepareFixture.pair(i % 200))
                .toList();
        work.prepare(PlainSettings.of(work.lines("data.jsonl", rows))
                .evalFraction(0.25)
                .build());
        List<String> held = work.pairs("eval").stream()
                .map(pair -> Arrays.toString(pair.prompt()))
                .distinct()
                .sorted()
                .toList();
        List<String> trained = work.pairs("train").stream()
                .map(pair -> Arrays.toString(pair.prompt()))
                .distinct()
                .toList();
        assertEquals(200, held.size() + trained.size(), "no prompt is on both sides");
        assertTrue(held.size() > 30 && held.size() < 70, "about a quarter of 200, but " + held.size());
        assertEquals(
                IntStream.range(0, work.pairs("eval").size())
                        .mapToObj(i -> (long) i)
                        .toList(),
                work.pairs("eval").stream().map(TrainingExample::ordinal).toList());

        List<String> reversed = new ArrayList<>(rows);
        Collections.reverse(reversed);
        work.prepare(PlainSettings.of(work.lines("data.jsonl", reversed))
                .evalFraction(0.25)
                .build());
        assertEquals(
                held,
                work.pairs("eval").stream()
                        .map(pair -> Arrays.toString(pair.prompt()))
                        .distinct()
                        .sorted()
                        .toList());
    }

    @Test
    void promptsAboveTheirOwnLimitAreCutOrLeftOut() throws IOException {
        Path input = work.lines(
                "data.jsonl",
                List.of(
                        PrepareFixture.pair(0),
                        "{\"prompt\": \"abcdefgh\", \"chosen\": \"abc\", \"rejected\": \"de\"}",
                        "{\"prompt_ids\": [3, 4, 5, 6, 7], \"chosen_ids\": [3, 2], \"rejected_ids\": [4, 2]}"));
        work.prepare(PlainSettings.of(input).promptsCutTo(4).build());
        assertEquals(4, work.pairs("train").get(1).prompt().length);
        assertEquals(
                List.of("prompt-too-long"),
                work.rejected().stream().map(row -> row.get("reason").asText()).toList());
    }

    @Test
    void settingsNameEveryProblem() throws IOException {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> DataSettings.builder(List.of())
                .eval(List.of("x"))
                .evalFraction(1)
                .maxLength(OptionalInt.of(1))
                .maxPromptLength(OptionalInt.of(1))
                .format(Optional.of("csv"))
                .maxRejectedFraction(Double.NaN)
                .build());
        assertEquals(6, e.getMessage().lines().count(), e.getMessage());
        DataSettings tooLong =
                PlainSettings.of(work.lines("data.jsonl", List.of(PrepareFixture.pair(0)))).build().toBuilder()
                        .maxLength(OptionalInt.of(LetterModel.CONTEXT + 1))
                        .build();
        assertTrue(assertThrows(RpoException.class, () -> work.prepare(tooLong))
                .getMessage()
                .contains("the model's context is 16"));
    }
}
