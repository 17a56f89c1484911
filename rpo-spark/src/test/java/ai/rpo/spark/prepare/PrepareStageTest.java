package ai.rpo.spark.prepare;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.preference.RatedPairs;
import ai.rpo.core.score.ScoredPair;
import ai.rpo.core.text.StraddlePolicy;
import ai.rpo.core.text.TokenizedExample;
import ai.rpo.core.text.TokenizedPair;
import ai.rpo.core.text.Truncation;
import ai.rpo.spark.LocalSpark;
import ai.rpo.spark.dataset.ExampleRows;
import ai.rpo.spark.dataset.PairRows;
import ai.rpo.spark.dataset.ParquetShards;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LocalSpark.class)
class PrepareStageTest {

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
    void textPairsBecomeShardsInTheOrderOfTheInput() throws IOException {
        Path input =
                lines(IntStream.range(0, 200).mapToObj(PrepareStageTest::pair).toList());

        Prepared counts = prepare(input);

        assertEquals(new Prepared(200, 200, 200 * 10, 0, 0, 0), counts);
        List<TokenizedPair> pairs = pairs("train");
        for (int i = 0; i < 200; i++) {
            assertEquals(i, pairs.get(i).ordinal());
            assertArrayEquals(
                    new int[] {1, 3 + i % 26, 3 + i / 26}, pairs.get(i).prompt());
            assertArrayEquals(new int[] {3, 4, 5, 2}, pairs.get(i).chosen());
            assertArrayEquals(new int[] {6, 7, 2}, pairs.get(i).rejected());
        }
        JsonNode report = report();
        assertEquals(200, report.at("/train/rows").asInt());
        assertEquals(1.0, report.at("/train/chosen_longer_rate").asDouble());
        assertEquals(3, report.at("/train/lengths/prompt/median").asInt());
        assertEquals(200, report.at("/train/lengths/chosen/histogram/0/rows").asInt());
        assertFalse(Files.exists(folder.resolve("rejected")));
    }

    /** Rows of 600 to 2 600 tokens fill shards of a million within a thousand rows. */
    @Test
    void shardsStandWhereRowsAreAddedHoweverTheyAreRead() throws IOException {
        List<String> rows = IntStream.range(0, 1500)
                .mapToObj(i -> "{\"prompt_ids\": %s, \"chosen_ids\": [3], \"rejected_ids\": [4]}"
                        .formatted(IntStream.generate(() -> 5)
                                .limit(600 + i * 7919L % 2000)
                                .boxed()
                                .toList()))
                .toList();
        List<List<Long>> shards = shardsOf(rows, 3000);
        assertEquals(3, shards.size());
        assertEquals(
                LongStream.range(0, 1500).boxed().toList(),
                shards.stream().flatMap(List::stream).sorted().toList());
        for (int shard = 0; shard < 3; shard++) {
            List<Long> ordinals = shards.get(shard);
            int[] lengths = ordinals.stream()
                    .mapToInt(ordinal -> (int) (600 + ordinal * 7919 % 2000))
                    .toArray();
            assertArrayEquals(Arrays.stream(lengths).sorted().toArray(), lengths, "lengths of shard " + shard);
            long first = ordinals.stream().min(Long::compare).orElseThrow();
            long last = ordinals.stream().max(Long::compare).orElseThrow();
            assertEquals(ordinals.size(), last - first + 1, "a run of ordinals");
        }

        List<String> more = new ArrayList<>(rows);
        more.addAll(rows.subList(0, 700));
        List<List<Long>> afterwards = shardsOf(more, 3000);
        assertEquals(shards.subList(0, 2), afterwards.subList(0, 2));
        assertTrue(afterwards.size() > 3);
        spark.conf().set("spark.sql.shuffle.partitions", 5);
        try {
            assertEquals(shards, shardsOf(rows, 3000));
        } finally {
            spark.conf().set("spark.sql.shuffle.partitions", 2);
        }
    }

    /** The ordinals in each shard's file, as they stand there, by their first. */
    private List<List<Long>> shardsOf(List<String> rows, int contextLength) throws IOException {
        TargetModel target = new TargetModel(model.folder(), contextLength, model.vocabularySize());
        prepare(settings(lines(rows)), RowKind.PAIRS, target);
        List<List<Long>> shards = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder.resolve("data/train"))) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".parquet")).toList()) {
                shards.add(spark.read().parquet(file.toString()).select("ordinal").collectAsList().stream()
                        .map(row -> row.getLong(0))
                        .toList());
            }
        }
        shards.sort(Comparator.comparing(Collections::min));
        return shards;
    }

    @Test
    void everyUnfitRowIsAccountedForByFileAndLine() throws IOException {
        Path input = lines(List.of(
                pair(0),
                "{\"prompt\": \"a\", \"chosen\": \"b\"",
                "",
                "{\"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": \"b\"}",
                pair(1),
                "{\"prompt\": \"a\", \"chosen\": \"\", \"rejected\": \"b\"}",
                "{\"prompt\": \"a\", \"completion\": \"b\"}",
                "{\"prompt\": \"abcdefghijklmnopq\", \"chosen\": \"a\", \"rejected\": \"b\"}",
                "{\"prompt_ids\": [1], \"chosen_ids\": [2], \"rejected_ids\": [29]}"));

        Prepared counts = prepare(input);

        assertEquals(9, counts.rowsIn());
        assertEquals(7, counts.rejectedRows());
        assertEquals(
                List.of(0L, 1L),
                pairs("train").stream().map(TokenizedPair::ordinal).toList());
        List<JsonNode> rejected = rejected();
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
        JsonNode reasons = report().get("rejected");
        assertEquals(7, reasons.size());
        assertEquals(3, reasons.get(0).at("/examples/0/line").asInt());
    }

    @Test
    void tokenisedRowsAreKeptAsTheyAreAndNeedNoTokenizer() {
        Path input = lines(List.of(
                "{\"prompt_ids\": [5], \"chosen_ids\": [6, 7], \"rejected_ids\": [8],"
                        + " \"ref_chosen_logps\": -1.5, \"ref_rejected_logps\": -0.25}",
                "{\"prompt_ids\": [5, 1], \"chosen_ids\": [2], \"rejected_ids\": [2, 2]}"));

        prepare(settings(input), RowKind.PAIRS, LetterModel.at(folder.resolve("no-model")));

        List<Row> rows = rows("train");
        ScoredPair scored = PairRows.scoredPair(rows.get(0));
        assertArrayEquals(new int[] {6, 7}, scored.pair().chosen());
        assertEquals(-1.5, scored.referenceChosen());
        assertFalse(PairRows.isScored(rows.get(1)));
        assertArrayEquals(new int[] {2, 2}, PairRows.pair(rows.get(1)).rejected());
    }

    @Test
    void textNeedsATokenizer() {
        Path input = lines(List.of(pair(0)));
        RpoException e = assertThrows(
                RpoException.class,
                () -> prepare(settings(input), RowKind.PAIRS, LetterModel.at(folder.resolve("no-model"))));
        assertEquals(RpoException.Kind.CONFIGURATION, e.kind());
        assertTrue(e.getMessage().contains("has no tokenizer.json"), e.getMessage());
    }

    @Test
    void supervisedRowsKeepTheirCompletion() {
        Path input = lines(List.of(
                "{\"prompt\": \"ab\", \"completion\": \"c\"}",
                "{\"prompt_ids\": [4], \"completion_ids\": [5, 6]}",
                pair(0)));

        Prepared counts = prepare(settings(input), RowKind.EXAMPLES, model);

        assertEquals(1, counts.rejectedRows());
        List<TokenizedExample> examples =
                ParquetShards.readInOrder(spark, hadoop("data/train"), ExampleRows.SCHEMA).collectAsList().stream()
                        .map(ExampleRows::example)
                        .toList();
        assertArrayEquals(new int[] {1, 3, 4}, examples.get(0).prompt());
        assertArrayEquals(new int[] {5, 2}, examples.get(0).completion());
        assertArrayEquals(new int[] {5, 6}, examples.get(1).completion());
    }

    @Test
    void theSamePromptsAreHeldOutWhereverTheyStand() {
        List<String> rows = IntStream.range(0, 400).mapToObj(i -> pair(i % 200)).toList();
        prepare(settings(List.of(lines(rows)), List.of(), 0.25), RowKind.PAIRS, model);
        List<String> held = pairs("eval").stream()
                .map(pair -> Arrays.toString(pair.prompt()))
                .distinct()
                .sorted()
                .toList();
        List<String> trained = pairs("train").stream()
                .map(pair -> Arrays.toString(pair.prompt()))
                .distinct()
                .toList();
        assertEquals(200, held.size() + trained.size(), "no prompt is on both sides");
        assertTrue(held.size() > 30 && held.size() < 70, "about a quarter of 200, but " + held.size());
        assertEquals(
                IntStream.range(0, pairs("eval").size()).mapToObj(i -> (long) i).toList(),
                pairs("eval").stream().map(TokenizedPair::ordinal).toList());

        List<String> reversed = new ArrayList<>(rows);
        Collections.reverse(reversed);
        prepare(settings(List.of(lines(reversed)), List.of(), 0.25), RowKind.PAIRS, model);
        assertEquals(
                held,
                pairs("eval").stream()
                        .map(pair -> Arrays.toString(pair.prompt()))
                        .distinct()
                        .sorted()
                        .toList());
    }

    @Test
    void linesOfAFileThatIsReadInPiecesKeepTheirNumbers() throws IOException {
        // Above the smallest slice many times over, with lines that end in CR LF and one that spans slices.
        List<String> rows = new ArrayList<>();
        for (int i = 0; i < 6000; i++) {
            rows.add(
                    i % 1000 == 999
                            ? "broken"
                            : "{\"id\": \"" + "x".repeat(i % 400) + "\", "
                                    + pair(i % 600).substring(1));
        }
        rows.set(3000, "{\"id\": \"" + "y".repeat(900_000) + "\", " + pair(1).substring(1));
        Path input = folder.resolve("data.jsonl");
        Files.writeString(input, String.join("\r\n", rows));

        Prepared counts = prepare(input);

        assertTrue(Files.size(input) > 6 * (256 << 10));
        assertEquals(6000, counts.rowsIn());
        assertEquals(
                List.of(1000, 2000, 3000, 4000, 5000, 6000),
                rejected().stream().map(row -> row.get("line").asInt()).toList());
        List<TokenizedPair> pairs = pairs("train");
        assertEquals(5994, pairs.size());
        assertEquals(5993, pairs.get(5993).ordinal());
        int kept = 0;
        for (int i = 0; i < 6000; i++) {
            if (i % 1000 != 999) {
                int expected = i == 3000 ? 1 : i % 600;
                assertArrayEquals(
                        new int[] {1, 3 + expected % 26, 3 + expected / 26},
                        pairs.get(kept).prompt(),
                        "line " + i);
                kept++;
            }
        }
    }

    @Test
    void layoutsCompressionsAndFoldersMixAndKeepTheirOrder() throws IOException {
        Path input = Files.createDirectories(folder.resolve("in put%20[x]"));
        Files.writeString(input.resolve("a.json"), "\uFEFF [" + pair(0) + ",\n" + pair(1) + ", 7]");
        Files.write(input.resolve("b.jsonl.gz"), gzip(pair(2) + "\n" + pair(3) + "\n"));
        writeParquet(input.resolve("c.parquet"), List.of(pair(4), pair(5)));
        Files.writeString(input.resolve("d.jsonl"), "\uFEFF" + pair(6) + "\n");
        Files.writeString(input.resolve("_SUCCESS"), "");
        Path heldOut = folder.resolve("held-out.parquet");
        writeParquet(heldOut, List.of(pair(7), pair(8)));
        Files.createFile(input.resolve("empty.jsonl"));

        Prepared counts = prepare(settings(List.of(input), List.of(heldOut), 0), RowKind.PAIRS, model);

        assertEquals(1, counts.rejectedRows());
        assertEquals(2, counts.evalRows());
        assertEquals(
                List.of(3, 4, 5, 6, 7, 8, 9),
                pairs("train").stream().map(pair -> pair.prompt()[1]).toList());
        assertEquals(
                List.of(10, 11),
                pairs("eval").stream().map(pair -> pair.prompt()[1]).toList());
        assertEquals("malformed-json", rejected().get(0).get("reason").asText());
        assertEquals(2, rejected().get(0).get("line").asInt());
    }

    @Test
    void rowsOfSeveralFormatsMayLieInOneFolder() throws IOException {
        Path input = Files.createDirectories(folder.resolve("mixed"));
        writeParquet(
                input.resolve("a.parquet"),
                List.of(pair(0), "{\"prompt\": \"a\", \"chosen\": null, \"rejected\": \"b\"}"));
        writeParquet(
                input.resolve("b.parquet"),
                List.of("{\"prompt_ids\": [9], \"chosen_ids\": [2], \"rejected_ids\": [3], \"ref_chosen_logps\": -1.0,"
                        + " \"ref_rejected_logps\": -2.0}"));
        writeParquet(input.resolve("c.parquet"), List.of("{\"question\": \"x\"}"));

        Prepared counts = prepare(input);

        assertEquals(2, counts.trainRows());
        assertEquals(
                List.of("2 unknown-format", "1 unknown-format"),
                rejected().stream()
                        .map(row -> row.get("line").asText() + " "
                                + row.get("reason").asText())
                        .toList());
        assertTrue(PairRows.isScored(rows("train").get(1)));
    }

    @Test
    void promptsAboveTheirOwnLimitAreCutOrLeftOut() throws IOException {
        Path input = lines(List.of(
                pair(0),
                "{\"prompt\": \"abcdefgh\", \"chosen\": \"abc\", \"rejected\": \"de\"}",
                "{\"prompt_ids\": [3, 4, 5, 6, 7], \"chosen_ids\": [3, 2], \"rejected_ids\": [4, 2]}"));
        prepare(
                new DataSettings(
                        List.of(input.toString()),
                        List.of(),
                        0,
                        OptionalInt.empty(),
                        OptionalInt.of(4),
                        Optional.empty(),
                        StraddlePolicy.SEPARATE,
                        Truncation.KEEP_END_OF_PROMPT,
                        DataSettings.Fields.USUAL,
                        RatedPairs.BEST_WORST,
                        false,
                        DataSettings.PairLimits.NONE,
                        0.9),
                RowKind.PAIRS,
                model);
        assertEquals(4, pairs("train").get(1).prompt().length);
        assertEquals(
                List.of("prompt-too-long"),
                rejected().stream().map(row -> row.get("reason").asText()).toList());
    }

    @Test
    void tooManyUnfitRowsStopTheJobAndSayWhy() throws IOException {
        Path input = lines(List.of(pair(0), "x", "y", pair(1)));
        DataSettings strict = PlainSettings.of(List.of(input.toString()), List.of(), 0, 0.4);
        RpoException e = assertThrows(RpoException.class, () -> prepare(strict, RowKind.PAIRS, model));
        assertEquals(RpoException.Kind.DATA, e.kind());
        assertTrue(e.getMessage().startsWith("Cannot prepare data: 2 of 4 rows are unfit"), e.getMessage());
        assertTrue(e.getMessage().contains("data.jsonl:2"), e.getMessage());
        assertEquals(2, rejected().size(), "the rows are there to be looked at");
        assertFalse(Files.exists(folder.resolve("data/train")));
    }

    @Test
    void inputsThatCannotBeReadAreNamed() throws IOException {
        assertTrue(message(folder.resolve("missing.jsonl")).startsWith("Cannot read "));
        assertTrue(message(Files.createDirectories(folder.resolve("void"))).contains("no such file, folder or glob"));
        assertTrue(message(Files.createFile(folder.resolve("empty.jsonl"))).contains("no rows are left to train on"));

        Path parquet = folder.resolve("half.parquet");
        writeParquet(
                parquet,
                IntStream.range(0, 500).mapToObj(PrepareStageTest::pair).toList());
        byte[] whole = Files.readAllBytes(parquet);
        Files.write(parquet, Arrays.copyOf(whole, whole.length / 2));
        assertTrue(message(parquet).contains("half.parquet: it is not a whole Parquet file"), message(parquet));

        Path twice = lines(List.of(pair(0)));
        DataSettings again = settings(List.of(twice), List.of(twice), 0);
        assertTrue(assertThrows(RpoException.class, () -> prepare(again, RowKind.PAIRS, model))
                .getMessage()
                .contains("data.jsonl is named more than once"));

        Path notes = Files.writeString(folder.resolve("README.md"), "# Data\n");
        assertTrue(message(notes).contains("neither JSON lines, nor a JSON array, nor Parquet"));

        Path array = Files.writeString(folder.resolve("cut.json"), "[" + pair(0) + ", {\"prompt\": ");
        assertTrue(message(array).contains("cut.json: the array breaks off or is malformed at line 1"), message(array));

        byte[] zipped = gzip(IntStream.range(0, 5000)
                .mapToObj(i -> pair(i % 600) + " ".repeat(i * 7919 % 61))
                .reduce("", (a, b) -> a + b + "\n"));
        Path gz = Files.write(folder.resolve("cut.jsonl.gz"), Arrays.copyOf(zipped, zipped.length - 9));
        assertTrue(message(gz).contains("cut.jsonl.gz: it is truncated or damaged"), message(gz));
        Path noGz = Files.writeString(folder.resolve("not.jsonl.gz"), pair(0));
        assertTrue(message(noGz).contains("not.jsonl.gz: it is truncated or damaged"), message(noGz));
    }

    @Test
    void settingsNameEveryProblem() {
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class,
                () -> new DataSettings(
                        List.of(),
                        List.of("x"),
                        1,
                        OptionalInt.of(1),
                        OptionalInt.of(1),
                        Optional.of("csv"),
                        StraddlePolicy.DROP,
                        Truncation.DROP,
                        DataSettings.Fields.USUAL,
                        RatedPairs.BEST_WORST,
                        false,
                        DataSettings.PairLimits.NONE,
                        Double.NaN));
        assertEquals(6, e.getMessage().lines().count(), e.getMessage());
        DataSettings tooLong = new DataSettings(
                List.of(lines(List.of(pair(0))).toString()),
                List.of(),
                0,
                OptionalInt.of(LetterModel.CONTEXT + 1),
                OptionalInt.empty(),
                Optional.empty(),
                StraddlePolicy.SEPARATE,
                Truncation.DROP,
                DataSettings.Fields.USUAL,
                RatedPairs.BEST_WORST,
                false,
                DataSettings.PairLimits.NONE,
                1);
        assertTrue(assertThrows(RpoException.class, () -> prepare(tooLong, RowKind.PAIRS, model))
                .getMessage()
                .contains("the model's context is 16"));
    }

    private String message(Path input) {
        RpoException e = assertThrows(RpoException.class, () -> prepare(input));
        assertFalse(e.getMessage().contains("\tat "), "a stack trace is no message");
        return e.getMessage();
    }

    private Prepared prepare(Path input) {
        return prepare(settings(input), RowKind.PAIRS, model);
    }

    private Prepared prepare(DataSettings settings, RowKind kind, TargetModel target) {
        return new PrepareStage(kind, settings, target).run(spark, hadoop("data"), hadoop("rejected"), Progress.NONE);
    }

    private static DataSettings settings(Path input) {
        return settings(List.of(input), List.of(), 0);
    }

    private static DataSettings settings(List<Path> train, List<Path> eval, double evalFraction) {
        return PlainSettings.of(
                train.stream().map(PrepareStageTest::escaped).toList(),
                eval.stream().map(PrepareStageTest::escaped).toList(),
                evalFraction,
                0.9);
    }

    /** Brackets in a path mean a glob. */
    private static String escaped(Path path) {
        return path.toString().replace("[", "\\[").replace("]", "\\]");
    }

    /** A prompt of two letters, a chosen completion of three and a rejected one of two. */
    private static String pair(int i) {
        return "{\"prompt\": \"%c%c\", \"chosen\": \"abc\", \"rejected\": \"de\"}"
                .formatted((char) ('a' + i % 26), (char) ('a' + i / 26));
    }

    private Path lines(List<String> rows) {
        try {
            return Files.write(folder.resolve("data.jsonl"), rows);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void writeParquet(Path file, List<String> rows) throws IOException {
        Path json = Files.write(folder.resolve("rows.jsonl"), rows);
        Path shards = folder.resolve("shards");
        spark.read().json(json.toString()).coalesce(1).write().mode("overwrite").parquet(shards.toString());
        try (Stream<Path> files = Files.list(shards)) {
            Path shard = files.filter(path -> path.toString().endsWith(".parquet"))
                    .findFirst()
                    .orElseThrow();
            Files.write(file, Files.readAllBytes(shard));
        }
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }

    private org.apache.hadoop.fs.Path hadoop(String name) {
        return new org.apache.hadoop.fs.Path(folder.resolve(name).toUri());
    }

    private List<Row> rows(String split) {
        return ParquetShards.readInOrder(spark, hadoop("data/" + split), PairRows.SCHEMA)
                .collectAsList();
    }

    private List<TokenizedPair> pairs(String split) {
        return rows(split).stream().map(PairRows::pair).toList();
    }

    private JsonNode report() throws IOException {
        return new ObjectMapper().readTree(folder.resolve("data/report.json").toFile());
    }

    private List<JsonNode> rejected() throws IOException {
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
        return rows;
    }
}
