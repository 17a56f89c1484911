package ai.rpo.spark.prepare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.preference.RatedPairs;
import ai.rpo.core.text.StraddlePolicy;
import ai.rpo.core.text.Truncation;
import ai.rpo.spark.LocalSpark;
import ai.rpo.spark.dataset.PairRows;
import ai.rpo.spark.dataset.ParquetShards;
import ai.rpo.spark.prepare.DataSettings.Fields;
import ai.rpo.spark.prepare.DataSettings.PairLimits;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Data that need a second look: pairs that repeat each other, several formats at once, and what no reader should meet. */
@ExtendWith(LocalSpark.class)
class UnusualDataTest {

    private static SparkSession spark;

    @TempDir
    private Path folder;

    private TargetModel model;

    @BeforeAll
    static void start(SparkSession session) {
        spark = session;
    }

    @BeforeEach
    void writeModel() {
        model = LetterModel.write(folder.resolve("model"));
    }

    @Test
    void ratedRowsBecomeAllTheirPairs() throws IOException {
        Path data = write(
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
                Optional.of("stars"));
        Prepared counts = prepare(settings(data, Optional.empty(), fields, RatedPairs.ALL, PairLimits.NONE));
        assertEquals(4, counts.trainRows());
        assertEquals(1, counts.rejectedRows());
        assertEquals(
                List.of(
                        "0 [1, 3] [5, 2] [6, 2]",
                        "1 [1, 3] [5, 2] [4, 2]",
                        "2 [1, 3] [6, 2] [4, 2]",
                        "3 [1, 5] [5, 2] [4, 2]"),
                pairs());
        assertEquals(Map.of("tied", List.of(2)), rejected());
    }

    @Test
    void repetitionsAreCountedAndNamed() throws IOException {
        Path train = write(
                "train.jsonl",
                pair("a", "b", "c"),
                pair("a", "c", "b"),
                pair("d", "b", "c"),
                pair("a", "b", "c"),
                pair("e", "b", "c"));
        Path eval = write("eval.jsonl", pair("e", "f", "c"), pair("f", "b", "c"));
        prepare(settings(train, Optional.of(eval), Fields.USUAL, RatedPairs.ALL, PairLimits.NONE));
        JsonNode report = report();
        assertEquals(1, report.at("/duplicates/rows").asInt());
        assertEquals(3, report.at("/label_conflicts/rows").asInt());
        assertEquals(4, report.at("/label_conflicts/examples/0/line").asInt());
        assertEquals(1, report.at("/leaked_prompts/rows").asInt());
        assertEquals(1, report.at("/near_duplicates/rows").asInt(), "which compares prompt and chosen");
        assertEquals(4, report.at("/near_duplicates/examples/0/line").asInt());
        assertTrue(report.at("/leaked_prompts/examples/0/file").asText().endsWith("eval.jsonl"));

        for (PairLimits limits :
                List.of(new PairLimits(0.1, 1, 1), new PairLimits(1, 0.4, 1), new PairLimits(1, 1, 0.4))) {
            RpoException e = assertThrows(
                    RpoException.class,
                    () -> prepare(settings(train, Optional.of(eval), Fields.USUAL, RatedPairs.ALL, limits)));
            assertEquals(RpoException.Kind.DATA, e.kind());
            assertTrue(e.getMessage().contains("more than rpo.data.limits.max-"), e.getMessage());
        }
        prepare(settings(train, Optional.of(eval), Fields.USUAL, RatedPairs.ALL, new PairLimits(0.2, 0.5, 0.5)));
    }

    @Test
    void parquetFilesOfOneFolderMayDisagreeOnAColumnsType() throws IOException {
        Files.writeString(
                folder.resolve("model/chat_template.jinja"), "{% for m in messages %}{{ m.content }}{% endfor %}");
        parquet("mixed/a.parquet", pair("a", "b", "c"));
        parquet(
                "mixed/b.parquet",
                "{\"prompt\": [{\"role\": \"user\", \"content\": \"d\"}], \"chosen\": [{\"role\": \"assistant\", \"content\": \"e\"}],"
                        + " \"rejected\": [{\"role\": \"assistant\", \"content\": \"f\"}]}");
        parquet("mixed/c.parquet", "{\"prompt_ids\": [1, 9], \"chosen_ids\": [3, 2], \"rejected_ids\": [4, 2]}");
        prepare(folder.resolve("mixed"));
        assertEquals(List.of("0 [1, 3] [4, 2] [5, 2]", "1 [6] [7, 2] [8, 2]", "2 [1, 9] [3, 2] [4, 2]"), pairs());
    }

    @Test
    void aLineOfTwoHundredMegabytesIsOneUnfitRow() throws IOException {
        Path data = folder.resolve("huge.jsonl");
        try (OutputStream out = Files.newOutputStream(data)) {
            out.write((pair("a", "b", "c") + "\n{\"prompt\": \"").getBytes(StandardCharsets.UTF_8));
            byte[] chunk = new byte[1 << 20];
            Arrays.fill(chunk, (byte) 'x');
            for (int i = 0; i < 200; i++) {
                out.write(chunk);
            }
            out.write(("\n" + pair("b", "b", "c") + "\n").getBytes(StandardCharsets.UTF_8));
        }
        assertEquals(2, prepare(data).trainRows());
        assertEquals(Map.of("row-too-large", List.of(2)), rejected());
    }

    @Test
    void everyBrokenRowIsNamedAndTheRestIsKept() throws IOException {
        Files.writeString(
                folder.resolve("model/chat_template.jinja"),
                "{% if messages[0].role != 'user' %}{{ raise_exception('no user') }}{% endif %}"
                        + "{% for m in messages %}{{ m.content }}{% endfor %}");
        String said = "{\"prompt\": [{\"role\": \"%s\", \"content\": \"a\"}], \"completion\": \"x\","
                + " \"chosen\": [{\"role\": \"assistant\", \"content\": \"b\"}],"
                + " \"rejected\": [{\"role\": \"assistant\", \"content\": \"c\"}]}";
        Path data = write(
                "broken.jsonl",
                pair("a", "b", "c"),
                "{\"prompt\": null, \"chosen\": \"b\", \"rejected\": \"c\"}",
                "{\"prompt\": \"a\", \"chosen\": [[\"b\"]], \"rejected\": \"c\"}",
                pair("\\ud800", "b", "c"),
                said.formatted("user"),
                said.formatted("assistant"),
                "{\"prompt\": \"a\", \"chosen\": {\"text\": \"b\"}, \"rejected\": \"c\"}");
        assertEquals(2, prepare(data).trainRows());
        assertEquals(
                Map.of(
                        "missing-field", List.of(2),
                        "wrong-type", List.of(3, 7),
                        "broken-text", List.of(4),
                        "refused-by-template", List.of(6)),
                rejected());
    }

    @Test
    void controlCharactersAreCounted() throws IOException {
        prepare(write(
                "data.jsonl",
                pair("a", "b\\u0000", "c"),
                pair("a", "b\\t\\n\\r", "c"),
                pair("b", "b", "\\u001b[1mc"),
                pair("c\\u0085", "b", "c")));
        assertEquals(3, report().at("/train/with_control_characters").asInt());
    }

    @Test
    void aTokenizerWithoutAnEndIsRefusedAndNothingIsPublished() throws IOException {
        Files.writeString(folder.resolve("model/tokenizer_config.json"), "{}");
        Path data = write("data.jsonl", pair("a", "b", "c"));
        RpoException e = assertThrows(RpoException.class, () -> prepare(data));
        assertEquals(RpoException.Kind.CONFIGURATION, e.kind());
        assertTrue(e.getMessage().startsWith("Cannot end completions: the tokenizer names no"), e.getMessage());
        assertFalse(Files.exists(folder.resolve("data")));
    }

    @Test
    void aStoreThatCannotBeReachedIsNamed() {
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        hadoop.set("ipc.client.connect.max.retries", "0");
        try {
            RpoException e = assertThrows(
                    RpoException.class,
                    () -> prepare(settings(
                            List.of("hdfs://127.0.0.1:1/pairs.jsonl"),
                            Optional.empty(),
                            Fields.USUAL,
                            RatedPairs.ALL,
                            PairLimits.NONE)));
            assertTrue(e.getMessage().startsWith("Cannot read hdfs://127.0.0.1:1/pairs.jsonl: "), e.getMessage());
            RpoException unknown = assertThrows(
                    RpoException.class,
                    () -> prepare(settings(
                            List.of("nowhere://x/pairs.jsonl"),
                            Optional.empty(),
                            Fields.USUAL,
                            RatedPairs.ALL,
                            PairLimits.NONE)));
            assertTrue(unknown.getMessage().contains("nowhere://x/pairs.jsonl"), unknown.getMessage());
        } finally {
            hadoop.unset("ipc.client.connect.max.retries");
        }
    }

    private Prepared prepare(Path data) {
        return prepare(settings(data, Optional.empty(), Fields.USUAL, RatedPairs.BEST_WORST, PairLimits.NONE));
    }

    private Prepared prepare(DataSettings settings) {
        return new PrepareStage(RowKind.PAIRS, settings, model)
                .run(spark, hadoop("data"), hadoop("rejected"), Progress.NONE);
    }

    private static DataSettings settings(
            Path train, Optional<Path> eval, Fields fields, RatedPairs ratedPairs, PairLimits limits) {
        return settings(List.of(train.toString()), eval, fields, ratedPairs, limits);
    }

    private static DataSettings settings(
            List<String> train, Optional<Path> eval, Fields fields, RatedPairs ratedPairs, PairLimits limits) {
        return new DataSettings(
                train,
                eval.map(path -> List.of(path.toString())).orElse(List.of()),
                0,
                OptionalInt.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                StraddlePolicy.SEPARATE,
                Truncation.DROP,
                fields,
                ratedPairs,
                true,
                limits,
                1);
    }

    private static String pair(String prompt, String chosen, String rejected) {
        return "{\"prompt\": \"%s\", \"chosen\": \"%s\", \"rejected\": \"%s\"}".formatted(prompt, chosen, rejected);
    }

    private Path write(String name, String... rows) throws IOException {
        return Files.write(folder.resolve(name), List.of(rows));
    }

    private void parquet(String name, String row) throws IOException {
        Path json = write("rows.jsonl", row);
        Path shards = folder.resolve("shards");
        spark.read().json(json.toString()).coalesce(1).write().mode("overwrite").parquet(shards.toString());
        try (Stream<Path> files = Files.list(shards)) {
            Path shard = files.filter(path -> path.toString().endsWith(".parquet"))
                    .findFirst()
                    .orElseThrow();
            Path target = folder.resolve(name);
            Files.createDirectories(target.getParent());
            Files.copy(shard, target);
        }
    }

    private org.apache.hadoop.fs.Path hadoop(String name) {
        return new org.apache.hadoop.fs.Path(folder.resolve(name).toUri());
    }

    private List<String> pairs() {
        return ParquetShards.readInOrder(spark, hadoop("data/train"), PairRows.SCHEMA).collectAsList().stream()
                .map(PairRows::pair)
                .map(pair -> pair.ordinal() + " " + Arrays.toString(pair.prompt()) + " "
                        + Arrays.toString(pair.chosen()) + " " + Arrays.toString(pair.rejected()))
                .toList();
    }

    private JsonNode report() throws IOException {
        return new ObjectMapper().readTree(folder.resolve("data/report.json").toFile());
    }

    /** Lines by reason. */
    private Map<String, List<Integer>> rejected() throws IOException {
        List<JsonNode> rows = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder.resolve("rejected"))) {
            for (Path file : files.filter(path -> path.toString().endsWith(".json"))
                    .sorted()
                    .toList()) {
                for (String line : Files.readAllLines(file)) {
                    rows.add(new ObjectMapper().readTree(line));
                }
            }
        }
        return rows.stream()
                .collect(Collectors.groupingBy(
                        row -> row.get("reason").asText(),
                        TreeMap::new,
                        Collectors.mapping(row -> row.get("line").asInt(), Collectors.toList())));
    }
}
