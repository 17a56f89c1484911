package ai.rpo.spark.prepare;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.spark.LocalSpark;
import ai.rpo.spark.dataset.PairRows;
import com.github.luben.zstd.ZstdOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How files are read, whatever their kind. */
@ExtendWith(LocalSpark.class)
class InputLayoutsTest {

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
    void linesOfAFileThatIsReadInPiecesKeepTheirNumbers() throws IOException {
        // Above the smallest slice many times over, with lines that end in CR LF and one that spans slices.
        List<String> rows = new ArrayList<>();
        for (int i = 0; i < 6000; i++) {
            rows.add(
                    i % 1000 == 999
                            ? "broken"
                            : "{\"id\": \"" + "x".repeat(i % 400) + "\", "
                                    + PrepareFixture.pair(i % 600).substring(1));
        }
        rows.set(
                3000,
                "{\"id\": \"" + "y".repeat(900_000) + "\", "
                        + PrepareFixture.pair(1).substring(1));
        Path input = work.path("data.jsonl");
        Files.writeString(input, String.join("\r\n", rows));

        Prepared counts = work.prepare(input);

        assertTrue(Files.size(input) > 6 * (256 << 10));
        assertEquals(6000, counts.rowsIn());
        assertEquals(
                List.of(1000, 2000, 3000, 4000, 5000, 6000),
                work.rejected().stream().map(row -> row.get("line").asInt()).toList());
        List<TrainingExample> pairs = work.pairs("train");
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
        Path input = Files.createDirectories(work.path("in put%20[x]"));
        Files.writeString(
                input.resolve("a.json"), "\uFEFF [" + PrepareFixture.pair(0) + ",\n" + PrepareFixture.pair(1) + ", 7]");
        Files.write(
                input.resolve("b.jsonl.gz"),
                PrepareFixture.gzip(PrepareFixture.pair(2) + "\n" + PrepareFixture.pair(3) + "\n"));
        work.parquet("in put%20[x]/c.parquet", List.of(PrepareFixture.pair(4), PrepareFixture.pair(5)));
        Files.writeString(input.resolve("d.jsonl"), "\uFEFF" + PrepareFixture.pair(6) + "\n");
        Files.writeString(input.resolve("_SUCCESS"), "");
        Path heldOut = work.path("held-out.parquet");
        work.parquet("held-out.parquet", List.of(PrepareFixture.pair(7), PrepareFixture.pair(8)));
        Files.createFile(input.resolve("empty.jsonl"));

        Prepared counts = work.prepare(PlainSettings.of(input).eval(heldOut).build());

        assertEquals(1, counts.rejectedRows());
        assertEquals(2, counts.evalRows());
        assertEquals(
                List.of(3, 4, 5, 6, 7, 8, 9),
                work.pairs("train").stream().map(pair -> pair.prompt()[1]).toList());
        assertEquals(
                List.of(10, 11),
                work.pairs("eval").stream().map(pair -> pair.prompt()[1]).toList());
        assertEquals("malformed-json", work.rejected().get(0).get("reason").asText());
        assertEquals(2, work.rejected().get(0).get("line").asInt());
    }

    @Test
    void rowsOfSeveralFormatsMayLieInOneFolder() throws IOException {
        Path input = Files.createDirectories(work.path("mixed"));
        work.parquet(
                "mixed/a.parquet",
                List.of(PrepareFixture.pair(0), "{\"prompt\": \"a\", \"chosen\": null, \"rejected\": \"b\"}"));
        work.parquet(
                "mixed/b.parquet",
                List.of("{\"prompt_ids\": [9], \"chosen_ids\": [2], \"rejected_ids\": [3], \"ref_chosen_logps\": -1.0,"
                        + " \"ref_rejected_logps\": -2.0}"));
        work.parquet("mixed/c.parquet", List.of("{\"question\": \"x\"}"));

        Prepared counts = work.prepare(input);

        assertEquals(2, counts.trainRows());
        assertEquals(
                List.of("2 missing-field", "1 unknown-format"),
                work.rejected().stream()
                        .map(row -> row.get("line").asText() + " "
                                + row.get("reason").asText())
                        .toList());
        assertTrue(PairRows.isScored(work.rows("train").get(1)));
    }

    @Test
    void parquetFilesOfOneFolderMayDisagreeOnAColumnsType() throws IOException {
        Files.writeString(work.path("model/chat_template.jinja"), "{% for m in messages %}{{ m.content }}{% endfor %}");
        work.parquet("mixed/a.parquet", List.of(PrepareFixture.pair("a", "b", "c")));
        work.parquet(
                "mixed/b.parquet",
                List.of(
                        "{\"prompt\": [{\"role\": \"user\", \"content\": \"d\"}], \"chosen\": [{\"role\": \"assistant\", \"content\": \"e\"}],"
                                + " \"rejected\": [{\"role\": \"assistant\", \"content\": \"f\"}]}"));
        work.parquet(
                "mixed/c.parquet",
                List.of("{\"prompt_ids\": [1, 9], \"chosen_ids\": [3, 2], \"rejected_ids\": [4, 2]}"));
        work.prepare(work.path("mixed"));
        assertEquals(
                List.of("0 [1, 3] [4, 2] [5, 2]", "1 [6] [7, 2] [8, 2]", "2 [1, 9] [3, 2] [4, 2]"), work.pairsAsText());
    }

    /** Also what Jackson refuses by default, and what no parser could take apart. */
    @Test
    void anElementOfAnArrayThatIsNoRowIsLeftOutLikeALine() throws IOException {
        String deep = "{\"x\": " + "[".repeat(1500) + "]".repeat(1500) + "}";
        String tooLong = "{\"x\": \"" + "y".repeat(33 << 20) + "\"}";
        List<String> rows = List.of(
                PrepareFixture.pair(0),
                "{\"a\" \"]\"}",
                deep,
                "{\"x\": null}",
                tooLong,
                "{\"x\": \"\\\\\", \"]\": \"\\\"]\"}",
                "{\"x\": 1" + "0".repeat(5000) + "}",
                "3",
                "",
                PrepareFixture.pair(1));
        work.lines("lines.jsonl", rows);
        Path array = Files.writeString(work.path("array.json"), "[" + String.join(",\n", rows) + "\n] \n");
        Map<String, List<Integer>> expected = Map.of(
                "malformed-json", List.of(2, 8),
                "beyond-limit", List.of(3, 7),
                "unknown-format", List.of(4, 6),
                "row-too-large", List.of(5),
                "blank", List.of(9));
        for (Path input : List.of(array, work.path("lines.jsonl"))) {
            Prepared counts =
                    work.prepare(PlainSettings.of(input).maxRejectedFraction(1).build());
            assertEquals(expected, work.rejectedLines());
            assertEquals(10, counts.rowsIn());
            assertEquals(
                    List.of(3, 4),
                    work.pairs("train").stream().map(pair -> pair.prompt()[1]).toList());
        }
    }

    @Test
    void anEmptyArrayHasNoRows() throws IOException {
        Files.writeString(work.path("none.json"), " [ \n ] ");
        Prepared counts =
                work.prepare(PlainSettings.of(work.path("none.json"), work.lines("rows.jsonl", PrepareFixture.pair(0)))
                        .build());
        assertEquals(1, counts.rowsIn());
    }

    @ParameterizedTest
    @ValueSource(strings = {"[%2$s]", "%2$s", ",\n%2$s", ",", "]", "# the end", "\n[%2$s]\n"})
    void whatFollowsAnArrayIsNotLost(String more) throws IOException {
        String text = ("[%1$s]\n" + more).formatted(PrepareFixture.pair(0), PrepareFixture.pair(1));
        Path array = Files.writeString(work.path("array.json"), text);
        RpoException e = assertThrows(RpoException.class, () -> work.prepare(array));
        assertEquals(RpoException.Kind.DATA, e.kind());
        assertTrue(e.getMessage().contains("array.json: more follows at line"), e.getMessage());
        assertTrue(e.getMessage().contains("the array that ends at line 1"), e.getMessage());
    }

    /** As a failed job of Spark, Delta, git, a notebook and the hub's client leave them. */
    @Test
    void hiddenFoldersAreNotRead() throws IOException {
        work.lines("folder/pairs.jsonl", PrepareFixture.pair(0));
        for (String hidden :
                List.of("_temporary/0/task", "_delta_log", ".git/refs", ".ipynb_checkpoints", "deep/.cache")) {
            work.lines("folder/" + hidden + "/part.jsonl", PrepareFixture.pair(1));
        }
        assertEquals(1, work.prepare(work.path("folder")).rowsIn());
    }

    @Test
    void blankLinesAreNoReasonToStop() throws IOException {
        Prepared counts = work.prepare(work.lines("blank.jsonl", "", "  ", PrepareFixture.pair(0), "", ""));
        assertEquals(1, counts.trainRows());
        assertEquals(Map.of("blank", List.of(1, 2, 4, 5)), work.rejectedLines());
        assertEquals(0, work.report().get("rejected_fraction").asDouble());
    }

    /** As {@code zstd --long=31} writes them: such a window is refused by default, as are files that are damaged. */
    @Test
    void zstandardMayLookFarBack() throws IOException {
        Path input = work.path("long.jsonl.zst");
        try (ZstdOutputStream out = new ZstdOutputStream(Files.newOutputStream(input)).setLong(28)) {
            out.write((PrepareFixture.pair(0) + "\n" + PrepareFixture.pair(1) + "\n").getBytes(StandardCharsets.UTF_8));
        }
        assertEquals(2, work.prepare(input).trainRows());
    }

    /** Hadoop leaves a checksum beside what it writes, which an editor knows nothing of. */
    @Test
    void aFileThatWasEditedBesideItsChecksumIsNamedWithIt() throws IOException {
        // A file system of its own: that of the session is shared, and may have been told to write no checksums.
        try (FileSystem local = FileSystem.newInstanceLocal(new Configuration(false));
                OutputStream out = local.create(work.hadoop("data.jsonl"))) {
            out.write(PrepareFixture.pair(0).getBytes(StandardCharsets.UTF_8));
        }
        Path input = work.path("data.jsonl");
        assertTrue(Files.exists(work.path(".data.jsonl.crc")));
        assertEquals(1, work.prepare(input).trainRows());
        Files.writeString(input, PrepareFixture.pair(1));
        RpoException e = assertThrows(RpoException.class, () -> work.prepare(input));
        assertEquals(RpoException.Kind.CONFIGURATION, e.kind());
        assertTrue(e.getMessage().contains(".data.jsonl.crc beside it says"), e.getMessage());
    }

    /** Each by what it begins with, or by its name: with a hint, and never as rows that are malformed. */
    @ParameterizedTest
    @CsvSource({
        "data.jsonl, 'version https://git-lfs.github.com/spec/v1', Git LFS",
        "data.arrow, ARROW1, Arrow",
        "data.jsonl, '\u001f\u008b\b\0', Let its name end in .gz",
        "data.jsonl, '\u00fd7zXZ', compressed with xz",
        "data.jsonl, 'PK\u0003\u0004', a zip archive",
        "data.jsonl, '\u00ff\u00fe{\0', UTF-16",
        "data.csv, 'prompt,chosen,rejected', a table of texts",
        "data.jsonl, '{\n  \"prompt\": \"a\",\n}', over several lines"
    })
    void whatHoldsNoRowsIsToldByWhatItIs(String name, String begin, String hint) throws IOException {
        Path input = Files.writeString(work.path(name), begin, StandardCharsets.ISO_8859_1);
        RpoException e = assertThrows(RpoException.class, () -> work.prepare(input));
        assertTrue(e.getMessage().contains(name) && e.getMessage().contains(hint), e.getMessage());
    }
}
