package ai.rpo.spark.prepare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.theory.Guarantee;
import ai.rpo.spark.SparkTest;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the report says of the graph that pairs draw among their responses. */
@SparkTest
class CoverageTest {

    private static SparkSession spark;

    @TempDir
    private Path folder;

    /** To prompt a: b–c twice, b–d, and apart from these e–f; to prompt g: h–c. Held-out pairs do not count. */
    @Test
    void componentsAndDegreesOfTheTrainingPairs() throws IOException {
        PrepareFixture work = new PrepareFixture(spark, folder);
        Path train = work.lines(
                "train.jsonl",
                PrepareFixture.pair("a", "b", "c"),
                PrepareFixture.pair("a", "b", "c"),
                PrepareFixture.pair("a", "d", "b"),
                PrepareFixture.pair("a", "e", "f"),
                PrepareFixture.pair("g", "h", "c"));
        Path eval = work.lines("eval.jsonl", PrepareFixture.pair("a", "b", "f"), PrepareFixture.pair("b", "e", "h"));
        work.prepare(PlainSettings.of(train).eval(eval).build());
        JsonNode coverage = work.report().path("coverage");
        assertEquals(5, coverage.path("comparisons").asInt());
        assertEquals(2, coverage.path("prompts").asInt());
        assertEquals(7, coverage.path("responses").asInt());
        assertEquals(3, coverage.path("components").asInt());
        assertEquals(5, coverage.path("responses_compared_once").asInt(), "d, e, f; h, c");
        assertEquals(3, coverage.path("responses_never_rejected").asInt(), "d, e; h");
        assertEquals(3, coverage.path("most_comparisons_of_a_response").asInt(), "b");
        // Chosen are b, b, d, e, h, each with its end: d, e and h stand in no other pair.
        assertEquals(0.3, coverage.path("chosen_tokens_in_no_other_pair").asDouble(), 1e-12);
        assertEquals(
                Guarantee.kappa(1) * Math.sqrt(24 * Math.log(20) / 5),
                coverage.path("theory_eta_low").asDouble(),
                1e-12);
        assertTrue(coverage.path("theory_eta_high").asDouble()
                > coverage.path("theory_eta_low").asDouble());
    }
}
