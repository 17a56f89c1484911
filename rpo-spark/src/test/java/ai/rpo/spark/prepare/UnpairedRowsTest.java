package ai.rpo.spark.prepare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.loss.TrainingExample;
import ai.rpo.spark.SparkTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Single completions with a label, matched by prompt. */
@SparkTest
class UnpairedRowsTest {

    private static SparkSession spark;

    @TempDir
    private Path folder;

    private PrepareFixture work;

    @BeforeEach
    void writeModel() {
        work = new PrepareFixture(spark, folder);
    }

    @Test
    void aPairStandsWhereTheLaterOfItsRowsStands() throws IOException {
        Path first = work.lines(
                "1.jsonl",
                labelled("a", "b", true),
                labelled("c", "d", false),
                PrepareFixture.pair("e", "f", "g"),
                labelled("a", "h", true),
                labelled("a", "i", false));
        Path second = work.lines(
                "2.jsonl",
                labelled("c", "j", true),
                "{\"prompt\": \"a\", \"completion\": \"\", \"label\": false}",
                labelled("a", "k", true),
                labelled("l", "m", false),
                labelled("a", "b", false),
                labelled("n", "o", true),
                labelled("n", "o", false));

        Prepared counts = work.prepare(PlainSettings.of(first, second).build());

        assertEquals(
                List.of(
                        "0 [1, 7] [8, 2] [9, 2]",
                        "1 [1, 3] [4, 2] [11, 2]",
                        "2 [1, 5] [12, 2] [6, 2]",
                        "3 [1, 3] [10, 2] [4, 2]"),
                work.pairsAsText());
        assertEquals(
                Map.of(
                        "empty-completion", List.of(2),
                        "unmatched", List.of(3, 4),
                        "chosen-equals-rejected", List.of(7)),
                work.rejectedLines());
        assertEquals(4, counts.rejectedRows());
        assertEquals(labelled("a", "k", true), work.rejected().get(1).get("row").asText());
        assertEquals(5, work.report().at("/unpaired/good").asInt());
        assertEquals(5, work.report().at("/unpaired/bad").asInt());
    }

    @Test
    void allMayBeMatchedWithAllUpToALimit() throws IOException {
        Path data = work.lines(
                "data.jsonl",
                labelled("a", "b", false),
                labelled("a", "c", true),
                labelled("a", "d", true),
                labelled("a", "e", false),
                labelled("a", "f", false));
        work.prepare(PlainSettings.of(data).allUnpaired(4).build());
        assertEquals(
                List.of(
                        "0 [1, 3] [5, 2] [4, 2]",
                        "1 [1, 3] [6, 2] [4, 2]",
                        "2 [1, 3] [5, 2] [7, 2]",
                        "3 [1, 3] [6, 2] [7, 2]"),
                work.pairsAsText());
        assertEquals(Map.of("unmatched", List.of(5)), work.rejectedLines());
    }

    /** The rows are read in ten pieces, and, compressed, in one; broken lines keep their numbers. */
    @Test
    void pairsDependOnTheRowsAloneAndStandWhereRowsAreAdded() throws IOException {
        List<String> rows = new ArrayList<>(IntStream.range(0, 5000)
                .mapToObj(i -> {
                    int mixed = (int) (i * 7919L % 5000);
                    return labelled(letters(mixed % 600, 3), letters(i, 4), mixed * 31 % 7 < 3)
                            .replace("}", ", \"note\": \"" + "x".repeat(i % 900) + "\"}");
                })
                .toList());
        rows.set(4321, "broken");
        List<TrainingExample> inPieces = pairsOf(work.lines("data.jsonl", rows));
        assertTrue(Files.size(work.path("data.jsonl")) > 8 * (256 << 10));
        assertEquals(List.of(4322), work.rejectedLines().get("malformed-json"));
        Map<String, List<Integer>> rejected = work.rejectedLines();

        Path whole = Files.write(work.path("data.jsonl.gz"), PrepareFixture.gzip(String.join("\n", rows)));
        assertEquals(texts(inPieces), texts(pairsOf(whole)));
        assertEquals(rejected, work.rejectedLines());

        List<TrainingExample> fewer = pairsOf(work.lines("data.jsonl", rows.subList(0, 4000)));
        assertEquals(texts(inPieces).subList(0, fewer.size()), texts(fewer));
        assertTrue(fewer.size() > 1000 && fewer.size() < inPieces.size());
    }

    @Test
    void aPromptIsTrainedOnOrHeldOutWithAllItsRows() throws IOException {
        List<String> rows = IntStream.range(0, 400)
                .mapToObj(i -> labelled(letters(i % 100, 2), letters(i, 3), i % 200 < 100))
                .toList();
        Path train = work.lines("train.jsonl", rows);
        work.prepare(PlainSettings.of(train).evalFraction(0.25).build());
        assertEquals(200, work.pairs("train").size() + work.pairs("eval").size());
        assertTrue(work.pairs("eval").size() > 20);
        assertEquals(0, work.report().at("/leaked_prompts/rows").asInt());

        Path some = work.lines(
                "some.jsonl", labelled("z", "c", false), labelled("w", "c", false), labelled("w", "d", true));
        Path eval =
                work.lines("eval.jsonl", labelled("z", "a", true), labelled("y", "a", true), labelled("y", "b", false));
        Prepared counts = work.prepare(PlainSettings.of(some).eval(eval).build());
        assertEquals(1, counts.evalRows());
        assertEquals(1, counts.trainRows(), "a held-out row is no partner for one to train on");
    }

    @Test
    void conversationsAreMatchedToo() throws IOException {
        Files.writeString(work.path("model/chat_template.jinja"), "{% for m in messages %}{{ m.content }}{% endfor %}");
        String row = "{\"prompt\": [{\"role\": \"user\", \"content\": \"a\"}],"
                + " \"completion\": [{\"role\": \"assistant\", \"content\": \"%s\"}], \"label\": %s}";
        Path data = work.parquet("data.parquet", List.of(row.formatted("b", true), row.formatted("c", false)));
        work.prepare(data);
        assertEquals(List.of("0 [3] [4, 2] [5, 2]"), work.pairsAsText());
    }

    private List<TrainingExample> pairsOf(Path input) {
        work.prepare(input);
        return work.pairs("train");
    }

    private static List<String> texts(List<TrainingExample> pairs) {
        return pairs.stream()
                .map(pair -> pair.ordinal() + " " + Arrays.toString(pair.prompt()) + Arrays.toString(pair.chosen())
                        + Arrays.toString(pair.rejected()))
                .toList();
    }

    private static String labelled(String prompt, String completion, boolean label) {
        return "{\"prompt\": \"%s\", \"completion\": \"%s\", \"label\": %s}".formatted(prompt, completion, label);
    }

    /** A number in base 26. */
    private static String letters(int number, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append((char) ('a' + number % 26));
            number /= 26;
        }
        return text.toString();
    }
}
