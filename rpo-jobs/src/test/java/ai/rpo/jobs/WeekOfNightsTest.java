package ai.rpo.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.jobs.CommandLineProgram.Outcome;
import ai.rpo.jobs.registry.Registry;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A week of a service on stories260k: its pairs of stories lie in a table of Iceberg's that grows by day, and a scheduler calls
 * {@code retrain} every night.
 */
@Tag("shared")
class WeekOfNightsTest {

    private static final Path SHARED = Path.of(System.getProperty("rpo.shared"));
    private static final int PAIRS_OF_A_DAY = 48;

    @TempDir
    Path folder;

    private int days;
    private String out;
    private String err;

    @BeforeEach
    void anEmptyTable() throws IOException {
        Files.writeString(folder.resolve("nightly.conf"), """
                rpo {
                  output = %1$s/out
                  registry = %1$s/registry
                  model.path = %2$s/models/stories260k
                  data { train = "table:lake.feedback.pairs", eval = "sql:SELECT * FROM lake.feedback.held_out" }
                  objective { beta = 0.1, eta = 0.5 }
                  train { pairs-per-batch = 4, learning-rate = 3e-4 }
                  gates { min-reward-accuracy = 0.5, max-chosen-logp-drop = 20, max-rejected-fraction = 0.1 }
                }
                spark { ui.enabled = false, sql.shuffle.partitions = 1, master = "local[2]" }
                "spark.sql.catalog.lake" = org.apache.iceberg.spark.SparkCatalog
                "spark.sql.catalog.lake.type" = hadoop
                "spark.sql.catalog.lake.warehouse" = %1$s/warehouse
                """.formatted(folder, SHARED));
        sql(
                "CREATE TABLE lake.feedback.pairs (day INT, prompt STRING, chosen STRING, rejected STRING) USING iceberg",
                "CREATE TABLE lake.feedback.held_out USING iceberg AS SELECT prompt, chosen, rejected FROM json.`"
                        + SHARED.resolve("data/tinystories_pairs_test.jsonl") + "` LIMIT 32");
    }

    @Test
    void aWeekOfNights() throws Exception {
        bringPairs("chosen", "rejected");
        assertEquals(0, execute("retrain"), err);
        assertTrue(out.contains("starts from " + SHARED.resolve("models/stories260k")), out);
        assertTrue(out.contains("promote   version 1\n"), out);

        assertEquals(0, execute("retrain"), err);
        assertTrue(out.contains("nothing is new to version 1 of "), out);

        int wednesday = bringPairs("rejected", "chosen");
        assertEquals(4, execute("retrain"), out);
        assertTrue(
                Files.readString(night(2, "report/index.html"))
                        .contains("<p class=\"lead\">held by a gate: the reward accuracy on held-out pairs is 0."),
                err);
        assertEquals(1, inProduction());

        sql("DELETE FROM lake.feedback.pairs WHERE day = " + wednesday);
        bringPairs("chosen", "rejected");
        FileTime scored = killANightWhileAnotherIsRefused(3);
        assertEquals(1, inProduction());
        assertEquals(0, execute("retrain"), err);
        assertTrue(out.contains("promote   version 2, was version 1\n"), out);
        assertEquals(scored, Files.getLastModifiedTime(night(3, "reference/manifest.json")), "scored again");
        assertEquals(PAIRS_OF_A_DAY, rowsOfNight(3), "monday's pairs were prepared again, or wednesday's");

        assertEquals(0, execute("registry", "rollback"), err);
        assertEquals(1, inProduction());
        bringPairs("chosen", "rejected");
        assertEquals(0, execute("retrain"), err);
        assertTrue(out.contains("starts from version 1 → "), out);
        assertTrue(out.contains("promote   version 3, was version 1\n"), out);
        assertEquals(2 * PAIRS_OF_A_DAY, rowsOfNight(4), "what version 2 had learned is new to version 1");

        assertEquals(0, execute("rerun", "3"), err);
        assertTrue(out.contains("rerun     the weights are those of version 3 of "), out);
        assertEquals(0, execute("registry", "verify"), err);
        assertTrue(out.contains("3 versions, all as written"), out);
    }

    /**
     * Two nights are processes of their own, as schedulers start them.
     *
     * @return when the killed one had scored its pairs
     */
    private FileTime killANightWhileAnotherIsRefused(int number) throws Exception {
        CommandLineProgram program = new CommandLineProgram(folder);
        Process first = program.start("retrain", "--config", configuration());
        try {
            program.await(first, night(number, "data/manifest.json"));
            assertEquals(5, execute("retrain"), out);
            assertTrue(err.contains("the command retrain on "), err);
            assertTrue(err.contains("(process " + first.pid() + ")"), err);
            program.await(first, night(number, "reference/manifest.json"));
        } finally {
            first.destroyForcibly().waitFor();
        }
        assertFalse(Files.exists(night(number, "train/manifest.json")), "it was killed too late");
        return Files.getLastModifiedTime(night(number, "reference/manifest.json"));
    }

    /**
     * Appends the pairs of one more day, which are a snapshot of their own.
     *
     * @param chosen field of the stories that is said to be preferred
     */
    private int bringPairs(String chosen, String rejected) {
        days++;
        sql("INSERT INTO lake.feedback.pairs SELECT " + days + ", prompt, " + chosen + ", " + rejected + " FROM json.`"
                + SHARED.resolve("data/tinystories_pairs_train.jsonl") + "` LIMIT " + PAIRS_OF_A_DAY + " OFFSET "
                + (days - 1) * PAIRS_OF_A_DAY);
        return days;
    }

    private void sql(String... statements) {
        try (SparkSession spark = SparkSession.builder()
                .master("local[1]")
                .config("spark.ui.enabled", false)
                .config("spark.sql.shuffle.partitions", 1)
                .config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
                .config("spark.sql.catalog.lake", "org.apache.iceberg.spark.SparkCatalog")
                .config("spark.sql.catalog.lake.type", "hadoop")
                .config(
                        "spark.sql.catalog.lake.warehouse",
                        folder.resolve("warehouse").toString())
                .getOrCreate()) {
            for (String statement : statements) {
                spark.sql(statement);
            }
        }
    }

    private int execute(String... words) {
        List<String> arguments = new ArrayList<>(List.of(words));
        arguments.addAll(List.of("--config", configuration()));
        Outcome outcome = ProgramHere.run(arguments);
        out = outcome.out();
        err = outcome.err();
        return outcome.exitCode();
    }

    private String configuration() {
        return folder.resolve("nightly.conf").toString();
    }

    private int inProduction() {
        return Registry.open(folder.resolve("registry").toString(), "test", new Configuration())
                .productionNumber()
                .orElse(0);
    }

    private int rowsOfNight(int number) throws IOException {
        return new ObjectMapper()
                .readTree(night(number, "data/report.json").toFile())
                .at("/train/rows")
                .asInt();
    }

    private Path night(int number, String file) {
        return folder.resolve("out/nights/000" + number).resolve(file);
    }
}
