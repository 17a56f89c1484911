package ai.rpo.spark.prepare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.spark.SparkTest;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is counted and leaves nothing out. */
@SparkTest
class DataFindingsTest {

    private static SparkSession spark;

    @TempDir
    private Path folder;

    private PrepareFixture work;

    @BeforeEach
    void writeModel() {
        work = new PrepareFixture(spark, folder);
    }

    @Test
    void repetitionsAreCountedAndNamed() throws IOException {
        Path train = work.lines(
                "train.jsonl",
                PrepareFixture.pair("a", "b", "c"),
                PrepareFixture.pair("a", "c", "b"),
                PrepareFixture.pair("d", "b", "c"),
                PrepareFixture.pair("a", "b", "c"),
                PrepareFixture.pair("e", "b", "c"));
        Path eval = work.lines("eval.jsonl", PrepareFixture.pair("e", "f", "c"), PrepareFixture.pair("f", "b", "c"));
        work.prepare(PlainSettings.of(train).eval(eval).nearDuplicates().build());
        JsonNode report = work.report();
        assertEquals(1, report.at("/duplicates/rows").asInt());
        assertEquals(3, report.at("/label_conflicts/rows").asInt());
        assertEquals(4, report.at("/label_conflicts/examples/0/line").asInt());
        assertEquals(1, report.at("/leaked_prompts/rows").asInt());
        assertEquals(1, report.at("/near_duplicates/rows").asInt(), "which compares prompt and chosen");
        assertEquals(4, report.at("/near_duplicates/examples/0/line").asInt());
        assertTrue(report.at("/leaked_prompts/examples/0/file").asText().endsWith("eval.jsonl"));

        for (double[] limits : new double[][] {{0.1, 1, 1}, {1, 0.4, 1}, {1, 1, 0.4}}) {
            DataSettings strict = PlainSettings.of(train)
                    .eval(eval)
                    .limits(limits[0], limits[1], limits[2])
                    .build();
            RpoException e = assertThrows(RpoException.class, () -> work.prepare(strict));
            assertEquals(RpoException.Kind.DATA, e.kind());
            assertTrue(e.getMessage().contains("more than rpo.data.limits.max-"), e.getMessage());
        }
        work.prepare(PlainSettings.of(train).eval(eval).limits(0.2, 0.5, 0.5).build());
    }

    @Test
    void controlCharactersAreCounted() throws IOException {
        work.prepare(work.lines(
                "data.jsonl",
                PrepareFixture.pair("a", "b\\u0000", "c"),
                PrepareFixture.pair("a", "b\\t\\n\\r", "c"),
                PrepareFixture.pair("b", "b", "\\u001b[1mc"),
                PrepareFixture.pair("c\\u0085", "b", "c")));
        assertEquals(3, work.report().at("/train/with_control_characters").asInt());
    }
}
