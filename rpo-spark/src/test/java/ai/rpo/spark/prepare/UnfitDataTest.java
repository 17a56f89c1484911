package ai.rpo.spark.prepare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.spark.LocalSpark;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows, files, models and stores that cannot be used: what is said of them, and that the rest goes on. */
@ExtendWith(LocalSpark.class)
class UnfitDataTest {

    private static SparkSession spark;

    @TempDir
    private Path folder;

    private PrepareFixture work;

    @BeforeAll
    static void start(SparkSession session) {
        spark = session;
    }

    @BeforeEach
    void writeModel() {
        work = new PrepareFixture(spark, folder);
    }

    @Test
    void everyUnfitRowIsAccountedForByFileAndLine() throws IOException {
        Path input = work.lines(
                "data.jsonl",
                List.of(
                        PrepareFixture.pair(0),
                        "{\"prompt\": \"a\", \"chosen\": \"b\"",
                        "",
                        "{\"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": \"b\"}",
                        PrepareFixture.pair(1),
                        "{\"prompt\": \"a\", \"chosen\": \"\", \"rejected\": \"b\"}",
                        "{\"prompt\": \"a\", \"completion\": \"b\"}",
                        "{\"prompt\": \"abcdefghijklmnopq\", \"chosen\": \"a\", \"rejected\": \"b\"}",
                        "{\"prompt_ids\": [1], \"chosen_ids\": [2], \"rejected_ids\": [29]}"));

        Prepared counts = work.prepare(input);

        assertEquals(9, counts.rowsIn());
        assertEquals(7, counts.rejectedRows());
        assertEquals(
                List.of(0L, 1L),
                work.pairs("train").stream().map(TrainingExample::ordinal).toList());
        List<JsonNode> rejected = work.rejected();
        assertEquals(
                List.of(
                        "2 malformed-json",
                        "3 blank",
                        "4 chosen-equals-rejected",
                        "6 empty-completion",
                        "7 wrong-kind",
                        "8 prompt-too-long",
                        "9 token-out-of-range"),
                rejected.stream()
                        .map(row -> row.get("line").asText() + " "
                                + row.get("reason").asText())
                        .toList());
        assertEquals(
                "{\"prompt\": \"a\", \"chosen\": \"b\"",
                rejected.get(0).get("row").asText());
        assertTrue(rejected.get(0).get("file").asText().endsWith("/data.jsonl"));
        JsonNode reasons = work.report().get("rejected");
        assertEquals(7, reasons.size());
        assertEquals(3, reasons.get(0).at("/examples/0/line").asInt());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatMakesARowOneOfAnotherKindIsSaid(boolean parquet) throws IOException {
        List<String> rows = List.of(
                PrepareFixture.pair("a", "b", "c"),
                "{\"prompt\": \"a\", \"completion\": \"b\", \"is_good\": true}",
                "{\"prompt\": \"b\", \"completion\": \"b\", \"is_good\": false}");
        work.prepare(parquet ? work.parquet("data.parquet", rows) : work.lines("data.jsonl", rows));
        for (JsonNode row : work.rejected()) {
            assertEquals("wrong-kind", row.get("reason").asText());
            String detail = row.get("detail").asText();
            assertTrue(
                    detail.endsWith(parquet ? "; not read are is_good" : "; perhaps rpo.data.fields.label = is_good"),
                    detail);
        }
        assertEquals(2, work.rejected().size());
    }

    @Test
    void everyBrokenRowIsNamedAndTheRestIsKept() throws IOException {
        Files.writeString(
                work.path("model/chat_template.jinja"),
                "{% if messages[0].role != 'user' %}{{ raise_exception('no user') }}{% endif %}"
                        + "{% for m in messages %}{{ m.content }}{% endfor %}");
        String said = "{\"prompt\": [{\"role\": \"%s\", \"content\": \"a\"}], \"completion\": \"x\","
                + " \"chosen\": [{\"role\": \"assistant\", \"content\": \"b\"}],"
                + " \"rejected\": [{\"role\": \"assistant\", \"content\": \"c\"}]}";
        Path data = work.lines(
                "broken.jsonl",
                PrepareFixture.pair("a", "b", "c"),
                "{\"prompt\": null, \"chosen\": \"b\", \"rejected\": \"c\"}",
                "{\"prompt\": \"a\", \"chosen\": [[\"b\"]], \"rejected\": \"c\"}",
                PrepareFixture.pair("\\ud800", "b", "c"),
                said.formatted("user"),
                said.formatted("assistant"),
                "{\"prompt\": \"a\", \"chosen\": {\"text\": \"b\"}, \"rejected\": \"c\"}");
        assertEquals(2, work.prepare(data).trainRows());
        assertEquals(
                Map.of(
                        "missing-field", List.of(2),
                        "wrong-type", List.of(3, 7),
                        "broken-text", List.of(4),
                        "refused-by-template", List.of(6)),
                work.rejectedLines());
    }

    @Test
    void aLineOfTwoHundredMegabytesIsOneUnfitRow() throws IOException {
        Path data = work.path("huge.jsonl");
        try (OutputStream out = Files.newOutputStream(data)) {
            out.write((PrepareFixture.pair("a", "b", "c") + "\n{\"prompt\": \"").getBytes(StandardCharsets.UTF_8));
            byte[] chunk = new byte[1 << 20];
            Arrays.fill(chunk, (byte) 'x');
            for (int i = 0; i < 200; i++) {
                out.write(chunk);
            }
            out.write(("\n" + PrepareFixture.pair("b", "b", "c") + "\n").getBytes(StandardCharsets.UTF_8));
        }
        assertEquals(2, work.prepare(data).trainRows());
        assertEquals(Map.of("row-too-large", List.of(2)), work.rejectedLines());
    }

    @Test
    void tooManyUnfitRowsStopTheJobAndSayWhy() throws IOException {
        Path input = work.lines("data.jsonl", List.of(PrepareFixture.pair(0), "x", "y", PrepareFixture.pair(1)));
        DataSettings strict = PlainSettings.of(input).maxRejectedFraction(0.4).build();
        RpoException e = assertThrows(RpoException.class, () -> work.prepare(strict));
        assertEquals(RpoException.Kind.DATA, e.kind());
        assertTrue(e.getMessage().startsWith("Cannot prepare data: 2 of 4 rows are unfit"), e.getMessage());
        assertTrue(e.getMessage().contains("data.jsonl:2"), e.getMessage());
        assertEquals(2, work.rejected().size(), "the rows are there to be looked at");
        assertFalse(Files.exists(work.path("data/train")));
    }

    @Test
    void preparedDataAreHeldAgainstOtherLimits() throws IOException {
        String twice = PrepareFixture.pair(0);
        Path input = work.lines("data.jsonl", List.of(twice, twice, PrepareFixture.pair(1), "x"));
        work.prepare(PlainSettings.of(input).build());
        PreparedFindings found = new PreparedFindings(Files.readString(work.path("data/report.json")));

        found.stopAbove(PlainSettings.of(input)
                .maxRejectedFraction(0.25)
                .limits(0.34, 0, 0)
                .build());
        DataSettings fewerUnfit =
                PlainSettings.of(input).maxRejectedFraction(0.2).build();
        assertEquals(
                "Cannot use the prepared data: 1 of 4 rows are unfit, more than rpo.data.max-rejected-fraction = 0.2"
                        + " allows. Mend the data, or raise the limit.",
                assertThrows(RpoException.class, () -> found.stopAbove(fewerUnfit))
                        .getMessage());
        DataSettings fewerTwice = PlainSettings.of(input).limits(0.3, 1, 1).build();
        assertEquals(
                "Cannot use the prepared data: 1 of 3 rows repeat another row, more than"
                        + " rpo.data.limits.max-duplicate-fraction = 0.3 allows. Mend the data, or raise the limit.",
                assertThrows(RpoException.class, () -> found.stopAbove(fewerTwice))
                        .getMessage());
    }

    @Test
    void inputsThatCannotBeReadAreNamed() throws IOException {
        assertTrue(message(work.path("missing.jsonl")).startsWith("Cannot read "));
        assertTrue(message(Files.createDirectories(work.path("void"))).contains("no such file, folder or glob"));
        assertTrue(message(Files.createFile(work.path("empty.jsonl"))).contains("no rows are left to train on"));

        Path parquet = work.path("half.parquet");
        work.parquet(
                "half.parquet",
                IntStream.range(0, 500).mapToObj(PrepareFixture::pair).toList());
        byte[] whole = Files.readAllBytes(parquet);
        Files.write(parquet, Arrays.copyOf(whole, whole.length / 2));
        assertTrue(message(parquet).contains("half.parquet: it is not a whole Parquet file"), message(parquet));
        Arrays.fill(whole, 4, whole.length / 2, (byte) 0xff);
        Path damaged = Files.write(work.path("damaged.parquet"), whole);
        assertTrue(message(damaged).contains("/damaged.parquet: it is truncated or damaged"), message(damaged));

        Path twice = work.lines("data.jsonl", List.of(PrepareFixture.pair(0)));
        DataSettings again = PlainSettings.of(twice, twice).build();
        assertTrue(assertThrows(RpoException.class, () -> work.prepare(again))
                .getMessage()
                .contains("data.jsonl is named more than once"));

        Path notes = Files.writeString(work.path("README.md"), "# Data\n");
        assertTrue(message(notes).contains("neither JSON lines, nor a JSON array, nor Parquet"));

        Path array = Files.writeString(work.path("cut.json"), "[" + PrepareFixture.pair(0) + ", {\"prompt\": ");
        assertTrue(
                message(array).contains("cut.json: the array breaks off in the element that begins at line 1"),
                message(array));

        byte[] zipped = PrepareFixture.gzip(IntStream.range(0, 5000)
                .mapToObj(i -> PrepareFixture.pair(i % 600) + " ".repeat(i * 7919 % 61))
                .reduce("", (a, b) -> a + b + "\n"));
        Path gz = Files.write(work.path("cut.jsonl.gz"), Arrays.copyOf(zipped, zipped.length - 9));
        assertTrue(message(gz).contains("cut.jsonl.gz: it is truncated or damaged"), message(gz));
        Path noGz = Files.writeString(work.path("not.jsonl.gz"), PrepareFixture.pair(0));
        assertTrue(message(noGz).contains("not.jsonl.gz: it is truncated or damaged"), message(noGz));
    }

    @Test
    void aTokenizerWithoutAnEndIsRefusedAndNothingIsPublished() throws IOException {
        Files.writeString(work.path("model/tokenizer_config.json"), "{}");
        Path data = work.lines("data.jsonl", PrepareFixture.pair("a", "b", "c"));
        RpoException e = assertThrows(RpoException.class, () -> work.prepare(data));
        assertEquals(RpoException.Kind.CONFIGURATION, e.kind());
        assertTrue(e.getMessage().startsWith("Cannot end completions: the tokenizer names no"), e.getMessage());
        assertFalse(Files.exists(work.path("data")));
    }

    @Test
    void aStoreThatCannotBeReachedIsNamed() {
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        hadoop.set("ipc.client.connect.max.retries", "0");
        try {
            RpoException e = assertThrows(
                    RpoException.class,
                    () -> work.prepare(
                            PlainSettings.of("hdfs://127.0.0.1:1/pairs.jsonl").build()));
            assertTrue(
                    e.getMessage()
                            .matches("Cannot read hdfs://127\\.0\\.0\\.1:1/pairs\\.jsonl: [^:]+\\. Check the place .*"),
                    e.getMessage());
            RpoException unknown = assertThrows(
                    RpoException.class,
                    () -> work.prepare(
                            PlainSettings.of("nowhere://x/pairs.jsonl").build()));
            assertTrue(unknown.getMessage().contains("nowhere://x/pairs.jsonl"), unknown.getMessage());
        } finally {
            hadoop.unset("ipc.client.connect.max.retries");
        }
    }

    private String message(Path input) {
        RpoException e = assertThrows(RpoException.class, () -> work.prepare(input));
        assertFalse(e.getMessage().contains("\tat "), "a stack trace is no message");
        return e.getMessage();
    }
}
