package ai.rpo.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.jobs.CommandLineProgram.Outcome;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs and nights whose rows lie in tables of Iceberg's. */
class TableRunTest {

    private static final Path MODEL = Path.of("../rpo-core/src/test/resources/families/llama");

    @TempDir
    Path folder;

    private String out;
    private String err;

    @BeforeEach
    void inputs() throws IOException {
        Path model = Files.createDirectory(folder.resolve("tiny"));
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(MODEL.resolve(name), model.resolve(name));
        }
        Files.writeString(folder.resolve("tables.conf"), """
                rpo {
                  output = %1$s/out
                  registry = %1$s/models
                  model.path = %1$s/tiny
                  data { train = "table:ice.db.pairs", eval = "sql:SELECT * FROM ice.db.held_out WHERE id < 8" }
                  train { pairs-per-batch = 4, learning-rate = 1e-2 }
                }
                spark { ui.enabled = false, sql.shuffle.partitions = 2, master = "local[1]" }
                "spark.sql.catalog.ice" = org.apache.iceberg.spark.SparkCatalog
                "spark.sql.catalog.ice.type" = hadoop
                "spark.sql.catalog.ice.warehouse" = %1$s/warehouse
                """.formatted(folder));
        sql(
                "CREATE TABLE ice.db.pairs (id BIGINT, prompt_ids ARRAY<INT>, chosen_ids ARRAY<INT>, rejected_ids ARRAY<INT>)"
                        + " USING iceberg",
                "CREATE TABLE ice.db.held_out USING iceberg AS SELECT * FROM (VALUES " + rows(0, 10) + ") AS"
                        + " t (id, prompt_ids, chosen_ids, rejected_ids)",
                "INSERT INTO ice.db.pairs VALUES " + rows(0, 12));
    }

    @Test
    void aRunIsHeldToTheSnapshotThatItRead() throws IOException {
        assertEquals(0, execute("validate"), err);
        assertTrue(out.contains("table:ice.db.pairs@"), out);
        assertTrue(out.contains(": iceberg snapshot "), out);
        assertTrue(out.contains("sql:SELECT * FROM ice.db.held_out WHERE id < 8: 8 rows, xxhash64 "), out);
        assertFalse(Files.exists(folder.resolve("out")));

        assertEquals(0, execute("train"), err);
        assertTrue(out.contains("12 train rows, 8 eval rows"), out);
        assertTrue(Files.readString(folder.resolve("out/resolved.conf"))
                .contains("rpo.data.train = \"table:ice.db.pairs@"));
        assertEquals(0, execute("train"), err);
        assertTrue(out.contains("train     reused, made "), out);

        sql("INSERT INTO ice.db.pairs VALUES " + rows(12, 4));
        assertEquals(2, execute("train"), out);
        assertTrue(err.contains("it holds results of other settings"), err);
        assertTrue(err.contains("rpo.data.train"), err);

        sql("ALTER TABLE ice.db.pairs CREATE BRANCH later");
        assertEquals(2, execute("train", "-D", "rpo.data.train=table:ice.db.nothing"));
        assertTrue(err.contains("Cannot read table:ice.db.nothing: there is no such table or view"), err);
    }

    @Test
    void nightsLearnWhatIsNewInATable() throws IOException {
        assertEquals(0, execute("retrain"), err);
        assertTrue(out.contains("night     new rows of table:ice.db.pairs@"), out);
        assertTrue(out.contains("promote   version 1\n"), out);

        sql("INSERT INTO ice.db.pairs VALUES " + rows(12, 8));
        assertEquals(0, execute("retrain"), err);
        assertTrue(out.contains("promote   version 2, was version 1\n"), out);
        assertEquals(
                8,
                json("out/nights/0002/data/report.json")
                        .path("train")
                        .path("rows")
                        .asInt());

        sql(
                "ALTER TABLE ice.db.pairs ADD COLUMN label STRING",
                "INSERT INTO ice.db.pairs SELECT *, 'new' FROM ice.db.held_out");
        assertEquals(2, execute("retrain"), out);
        assertTrue(err.contains("its columns have changed, from (id bigint, prompt_ids array<int>"), err);
        assertEquals(0, execute("retrain", "-D", "rpo.retrain.from=base"), err);
        assertTrue(out.contains("promote   version 3, was version 2\n"), out);
        assertEquals(
                30,
                json("out/nights/0003/data/report.json")
                        .path("train")
                        .path("rows")
                        .asInt());
    }

    @Test
    void resultsAreJoinedWithTheDataByTheirKey() throws IOException {
        assertEquals(2, execute("score", "-D", "rpo.score.table=ice.db.scores"), out);
        assertTrue(err.contains("Name the columns that tell rows apart with rpo.data.key."), err);
        assertEquals(2, execute("score", "-D", "rpo.data.key=id", "-D", "rpo.score.table=ice.db.held_out"), out);
        assertTrue(err.contains("it has rows that this program did not write"), err);

        String[] keyed = {
            "score",
            "-D",
            "rpo.data.key=id",
            "-D",
            "rpo.score.table=ice.db.scores",
            "-D",
            "rpo.openlineage.namespace=nightly",
            "-D",
            "rpo.data.eval=null"
        };
        assertEquals(0, execute(keyed), err);
        assertTrue(out.contains("also in the table ice.db.scores"), out);
        String lineage = Files.readString(folder.resolve("out/lineage.jsonl"));
        assertTrue(
                lineage.contains("\"inputs\":[{\"namespace\":\"nightly\",\"name\":\"ice.db.pairs\",\"facets\":"),
                lineage);
        assertTrue(lineage.contains("\"outputs\":[{\"namespace\":\"nightly\",\"name\":\"ice.db.scores\"}]"), lineage);
        assertEquals(
                List.of(12L, 12L, 12L),
                longs(
                        "SELECT count(*), count(ref_chosen_logps), count(DISTINCT split, id) FROM ice.db.pairs JOIN ice.db.scores"
                                + " USING (id) WHERE ref_chosen_logps < 0 AND chosen_tokens = 2 AND split = 'train'"));
        assertEquals(
                List.of(12L, 12L),
                longs("SELECT count(id), count(DISTINCT id) FROM parquet.`" + folder + "/out/reference/train`"));
        assertEquals(0, execute(keyed), err);

        assertEquals(3, execute("score", "-D", "rpo.data.key=id", "-D", "rpo.overwrite=true"), out);
        assertTrue(err.contains("several rows have the same ({\"id\":0} 2 times, {\"id\":1} 2 times"), err);
        sql("UPDATE ice.db.pairs SET id = NULL WHERE id > 9");
        keyed[keyed.length - 1] = "rpo.overwrite=true";
        assertEquals(3, execute(keyed), out);
        assertTrue(err.contains("Cannot use rpo.data.key = id: 2 rows lack a value in it."), err);
    }

    @Test
    void completionsAndRatingsGoToTables() {
        sql("CREATE TABLE ice.db.prompts USING iceberg AS SELECT id, prompt_ids FROM ice.db.held_out");
        assertEquals(
                0,
                execute(
                        "generate",
                        "-D",
                        "rpo.generate.prompts=table:ice.db.prompts",
                        "-D",
                        "rpo.generate.max-new-tokens=3",
                        "-D",
                        "rpo.generate.samples-per-prompt=2",
                        "-D",
                        "rpo.generate.table=ice.db.completions",
                        "-D",
                        "rpo.data.key=id"),
                err);
        assertEquals(
                List.of(20L, 10L),
                longs("SELECT count(*), count(DISTINCT p.id) FROM ice.db.prompts p JOIN ice.db.completions c"
                        + " ON p.id = c.id AND p.prompt_ids = c.prompt_ids"));
        assertEquals(
                0,
                execute(
                        "rate",
                        "-D",
                        "rpo.rate.model=implicit",
                        "-D",
                        "rpo.reference.path=" + folder.resolve("tiny"),
                        "-D",
                        "rpo.rate.completions=table:ice.db.completions",
                        "-D",
                        "rpo.rate.table=ice.db.ratings",
                        "-D",
                        "rpo.data.key=[id]"),
                err);
        assertEquals(
                List.of(20L, 0L),
                longs("SELECT count(*), count(nullif(reward, 0)) FROM ice.db.completions JOIN ice.db.ratings USING (id,"
                        + " sample)"));
    }

    private static String rows(int from, int count) {
        return IntStream.range(from, from + count)
                .mapToObj(i -> "(%dL, array(1, %d), array(4, 2), array(5, 2))".formatted(i, 3 + i % 10))
                .collect(Collectors.joining(", "));
    }

    private void sql(String... statements) {
        try (SparkSession spark = session()) {
            for (String statement : statements) {
                spark.sql(statement);
            }
        }
    }

    private List<Long> longs(String query) {
        try (SparkSession spark = session()) {
            Row row = spark.sql(query).first();
            return IntStream.range(0, row.size()).mapToObj(row::getLong).toList();
        }
    }

    private SparkSession session() {
        return SparkSession.builder()
                .master("local[1]")
                .config("spark.ui.enabled", false)
                .config("spark.sql.shuffle.partitions", 1)
                .config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
                .config("spark.sql.catalog.ice", "org.apache.iceberg.spark.SparkCatalog")
                .config("spark.sql.catalog.ice.type", "hadoop")
                .config(
                        "spark.sql.catalog.ice.warehouse",
                        folder.resolve("warehouse").toString())
                .getOrCreate();
    }

    private JsonNode json(String file) throws IOException {
        return new ObjectMapper().readTree(folder.resolve(file).toFile());
    }

    private int execute(String... words) {
        List<String> arguments = new ArrayList<>(List.of(words));
        arguments.addAll(List.of("--config", folder.resolve("tables.conf").toString()));
        Outcome outcome = ProgramHere.run(arguments);
        out = outcome.out();
        err = outcome.err();
        return outcome.exitCode();
    }
}
