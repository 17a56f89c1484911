package ai.rpo.spark.judge;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.from_json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.spark.LocalSpark;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LocalSpark.class)
class RowFilesTest {

    private static SparkSession spark;

    @TempDir
    Path work;

    @BeforeAll
    static void start(SparkSession session) {
        spark = session;
    }

    @Test
    void readsLinesArraysAndGzippedFilesInTheOrderOfTheirNames() throws IOException {
        Files.writeString(work.resolve("a.json"), "[{\"n\": 1}, {\"n\": 2}]");
        Files.writeString(work.resolve("b.jsonl"), "{\"n\": 3}\n\n{\"n\": 4}\n");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(work.resolve("c.json.gz")))) {
            out.write("{\"n\": 5}".getBytes(StandardCharsets.UTF_8));
        }
        List<ObjectNode> rows = files().read(List.of(work.toString()));
        assertEquals(
                List.of(1, 2, 3, 4, 5),
                rows.stream().map(row -> row.get("n").asInt()).toList());
    }

    /** In which generate writes messages as their JSON, and a text may look like them. */
    @Test
    void restoresMessagesOfParquet() {
        spark.createDataset(
                        List.of(
                                "{\"prompt\": \"[{\\\"role\\\": \\\"user\\\", \\\"content\\\": \\\"hi\\\"}]\", \"completion\": \"a\"}",
                                "{\"prompt\": \"[{1, 2}] is a set?\", \"completion\": \"b\"}"),
                        Encoders.STRING())
                .select(from_json(col("value"), DataType.fromDDL("prompt string, completion string"), Map.of())
                        .as("row"))
                .select("row.*")
                .coalesce(1)
                .write()
                .parquet(work.resolve("rows").toString());
        List<ObjectNode> rows = files().read(List.of(work.resolve("rows").toString()));
        assertEquals("hi", rows.get(0).get("prompt").get(0).get("content").asText());
        assertEquals("[{1, 2}] is a set?", rows.get(1).get("prompt").asText());
    }

    @Test
    void aFileThatEndsInTheMiddleIsNoShorterFile() throws IOException {
        Files.writeString(work.resolve("cut.json"), "[{\"n\": 1}, {\"n\":");
        RpoException cut = assertThrows(RpoException.class, () -> files().read(
                        List.of(work.resolve("cut.json").toString())));
        assertEquals(RpoException.Kind.DATA, cut.kind());
        assertTrue(cut.getMessage().contains("ends in the middle of row 2"), cut.getMessage());
    }

    private static RowFiles files() {
        return new RowFiles(() -> spark, spark.sparkContext().hadoopConfiguration());
    }
}
