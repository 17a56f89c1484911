package ai.rpo.spark.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.spark.SparkTest;
import ai.rpo.spark.store.ArtifactDirectory;
import ai.rpo.spark.store.Fence;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@SparkTest
class TablesTest {

    private static SparkSession given;

    @TempDir
    Path folder;

    private SparkSession spark;
    private Tables tables;

    @BeforeEach
    void open() {
        spark = TableSession.open(given, folder.resolve("warehouse"));
        tables = new Tables(spark);
    }

    /** @return its name */
    private String table(String format) {
        String name = format.equals("iceberg") ? "ice.db.pairs" : "default.pairs_" + format;
        spark.sql("DROP TABLE IF EXISTS " + name);
        spark.sql("CREATE TABLE " + name + " (id BIGINT, text STRING) USING " + format
                + (format.equals("iceberg") ? "" : " LOCATION '" + folder.resolve(format) + "'"));
        return name;
    }

    private TableSource source(String path) {
        return TableSource.parse(path);
    }

    private List<Long> ids(TablePin pin) {
        return tables.rows(pin.source()).collectAsList().stream()
                .map(row -> row.getLong(0))
                .sorted()
                .toList();
    }

    private String refusal(String path) {
        RpoException refused = assertThrows(RpoException.class, () -> tables.pin(source(path)));
        assertEquals(RpoException.Kind.CONFIGURATION, refused.kind());
        return refused.getMessage();
    }

    @Test
    void aSourceIsWrittenAsItIsRead() {
        for (String path : List.of(
                "table:db.pairs",
                "table:ice.db.pairs@123",
                "table:ice.db.pairs@2026-11-28 10:00:00",
                "table:ice.db.pairs@7..9",
                "table:ice.`odd@name`.pairs@7",
                "sql:SELECT '@' FROM db.pairs")) {
            assertTrue(TableSource.isOne(path));
            assertEquals(path, source(path).toString());
        }
        assertEquals("7", source("table:t@7..9").since().orElseThrow());
        for (String path : List.of("table:", "table:@3", "table:t@", "table:t@..9", "table:t@7..", "sql: ")) {
            assertTrue(assertThrows(RpoException.class, () -> source(path))
                    .getMessage()
                    .contains("something is missing in it"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"iceberg", "delta"})
    void aSnapshotStaysWhatItWas(String format) {
        String name = table(format);
        spark.sql("INSERT INTO " + name + " VALUES (1, 'one'), (2, 'two')");
        TablePin first = tables.pin(source("table:" + name));
        spark.sql("INSERT INTO " + name + " VALUES (3, 'three'), (2, 'two')");
        TablePin second = tables.pin(source("table:" + name));

        assertTrue(first.hasSnapshots());
        assertNotEquals(first.identity(), second.identity());
        assertTrue(first.identity().startsWith(format + " snapshot"), first.identity());
        assertEquals(List.of(1L, 2L), ids(first));
        assertEquals(List.of(1L, 2L, 2L, 3L), ids(second));
        assertEquals(first, tables.pin(first.source()));

        TablePin between =
                tables.pin(source("table:" + name + "@" + first.source().at().orElseThrow() + ".."
                        + second.source().at().orElseThrow()));
        assertEquals(List.of(2L, 3L), ids(between));
    }

    @ParameterizedTest
    @ValueSource(strings = {"iceberg", "delta"})
    void aTimeNamesTheSnapshotThatWasCurrent(String format) throws InterruptedException {
        String name = table(format);
        spark.sql("INSERT INTO " + name + " VALUES (1, 'one')");
        TablePin first = tables.pin(source("table:" + name));
        Thread.sleep(5);
        String time =
                spark.sql("SELECT CAST(current_timestamp() AS STRING)").first().getString(0);
        Thread.sleep(5);
        spark.sql("INSERT INTO " + name + " VALUES (2, 'two')");

        assertEquals(first, tables.pin(source("table:" + name + "@" + time)));
        assertTrue(refusal("table:" + name + "@1999-01-01").contains("it had no snapshot at 1999-01-01"));
        assertTrue(refusal("table:" + name + "@soon").contains("neither a snapshot nor a time"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"iceberg", "delta"})
    void whatIsNewIsWhatWasNotThere(String format) {
        String name = table(format);
        TableSource source = source("table:" + name);
        spark.sql("INSERT INTO " + name + " VALUES (1, 'one')");
        TablePin first = tables.beyond(Map.of(), source, false).orElseThrow();
        Map<String, String> known = Map.of(first.source().toString(), first.identity());
        assertEquals(List.of(1L), ids(first));
        assertTrue(tables.beyond(known, source, false).isEmpty());

        spark.sql("INSERT INTO " + name + " VALUES (2, 'two')");
        TablePin news = tables.beyond(known, source, false).orElseThrow();
        assertEquals(List.of(2L), ids(news));
        assertTrue(tables.beyond(
                        Map.of(
                                first.source().toString(), first.identity(),
                                news.source().toString(), news.identity()),
                        source,
                        false)
                .isEmpty());

        spark.sql("DELETE FROM " + name + " WHERE id = 1");
        assertTrue(tables.beyond(known, source, false).isPresent());
        spark.sql("DELETE FROM " + name);
        assertTrue(tables.beyond(known, source, false).isEmpty(), "a snapshot without new rows");
    }

    @Test
    void anExpiredSnapshotIsRefused() {
        String name = table("iceberg");
        spark.sql("INSERT INTO " + name + " VALUES (1, 'one')");
        TablePin first = tables.pin(source("table:" + name));
        spark.sql("INSERT OVERWRITE " + name + " VALUES (2, 'two')");
        spark.sql("ALTER TABLE " + name + " SET TBLPROPERTIES ('history.expire.min-snapshots-to-keep' = '1')");
        expire(name);

        assertTrue(refusal(first.source().toString())
                .contains("it has no snapshot " + first.source().at().orElseThrow()
                        + ", or none any more. Name one that is there ("));
        RpoException refused = assertThrows(
                RpoException.class,
                () -> tables.beyond(
                        Map.of(first.source().toString(), first.identity()), source("table:" + name), false));
        assertTrue(refused.getMessage().contains("have expired. Set rpo.retrain.from = base"), refused.getMessage());
    }

    private void expire(String name) {
        try {
            org.apache.iceberg.spark.Spark3Util.loadIcebergTable(spark, name)
                    .expireSnapshots()
                    .expireOlderThan(System.currentTimeMillis() + 1)
                    .retainLast(1)
                    .commit();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        spark.sql("REFRESH TABLE " + name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"iceberg", "delta"})
    void otherColumnsThanBeforeAreRefused(String format) {
        String name = table(format);
        spark.sql("INSERT INTO " + name + " VALUES (1, 'one')");
        TablePin first = tables.pin(source("table:" + name));
        spark.sql("ALTER TABLE " + name + " ADD COLUMNS (label BOOLEAN)");
        spark.sql("INSERT INTO " + name + " VALUES (2, 'two', true)");

        RpoException refused = assertThrows(
                RpoException.class,
                () -> tables.beyond(
                        Map.of(first.source().toString(), first.identity()), source("table:" + name), false));
        assertTrue(
                refused.getMessage()
                        .contains("its columns have changed, from (id bigint, text string) to (id bigint,"
                                + " text string, label boolean). Set rpo.retrain.from = base for once"),
                refused.getMessage());
    }

    @Test
    void rowsWithoutSnapshotsAreToldByTheirContent() {
        String name = table("parquet");
        spark.sql("INSERT INTO " + name + " VALUES (1, 'one'), (2, 'two')");
        TablePin one = tables.pin(source("table:" + name));
        TablePin same = tables.pin(source("sql:SELECT * FROM " + name + " ORDER BY id DESC"));
        spark.sql("INSERT INTO " + name + " VALUES (3, NULL)");
        TablePin other = tables.pin(source("table:" + name));

        assertTrue(one.identity().startsWith("2 rows, xxhash64 "), one.identity());
        assertEquals(one.identity(), same.identity());
        assertNotEquals(one.identity(), other.identity());
        assertNotEquals(
                one.identity(),
                tables.pin(source("sql:SELECT id, text AS t FROM " + name + " LIMIT 2"))
                        .identity());
        assertEquals(
                2,
                tables.rows(source("sql:SELECT map('a', id) FROM " + name + " WHERE id < 3"))
                        .count());
        assertTrue(tables.pin(source("sql:SELECT map('a', id) AS m FROM " + name))
                .identity()
                .startsWith("3 rows"));
        assertTrue(refusal("table:" + name + "@3").contains("its format has no snapshots"));
    }

    @Test
    void onlyQueriesAreTaken() {
        String name = table("parquet");
        for (String command : List.of(
                "DROP TABLE " + name,
                "INSERT INTO " + name + " VALUES (1, 'one')",
                "WITH one AS (SELECT 1, 'one') INSERT INTO " + name + " SELECT * FROM one",
                "FROM " + name + " INSERT INTO " + name + " SELECT * INSERT INTO " + name + " SELECT *",
                "CREATE TABLE other AS SELECT * FROM " + name,
                "DELETE FROM " + name,
                "SET spark.sql.ansi.enabled = true",
                "EXPLAIN SELECT 1",
                "CACHE TABLE " + name)) {
            assertTrue(
                    refusal("sql:" + command).contains("it is a command, and rows are read by queries alone"), command);
        }
        assertTrue(refusal("sql:SELEKT 1").contains("it is not a query ([PARSE_SYNTAX_ERROR]"));
        assertEquals(
                1,
                tables.rows(source("sql:WITH one AS (SELECT 1) SELECT * FROM one"))
                        .count());
        tables.pin(source("sql:WITH one AS (SELECT 1) SELECT * FROM one"));
    }

    @Test
    void whatIsNotThereIsNamed() {
        assertTrue(
                refusal("table:ice.db.nothing").contains("there is no such table or view ([TABLE_OR_VIEW_NOT_FOUND]"));
        assertTrue(refusal("sql:SELECT * FROM nothing").contains("there is no such table or view"));
        assertTrue(refusal("table:no.catalog.here").startsWith("Cannot read table:no.catalog.here: "));
        assertTrue(refusal("table:two words").contains("that is no name of a table"));
        assertTrue(refusal("sql:SELECT nothing FROM range(3)").contains("UNRESOLVED_COLUMN"));
    }

    @Test
    void aCopyIsMadeOnceInAnOrderOfItsOwn() {
        String name = table("iceberg");
        spark.sql("INSERT INTO " + name + " SELECT id, CAST(id AS STRING) FROM range(100)");
        TablePin pin = tables.pin(source("table:" + name));
        TableCopy copy = new TableCopy(spark, pin, List.of("id"));
        ArtifactDirectory artifact = artifact(copy);
        String rows = copy.in(artifact, "1").toString();
        List<Row> copied = spark.read().parquet(rows).collectAsList();
        assertTrue(copy.name().startsWith("pairs-"), copy.name());
        assertEquals(100, copied.size());
        assertEquals(
                spark.range(100).collectAsList(),
                copied.stream().map(row -> row.getLong(0)).toList());

        spark.sql("DROP TABLE " + name);
        assertEquals(rows, copy.in(artifact, "1").toString());
    }

    @Test
    void aQueryOfOtherRowsEachTimeIsRefused() {
        TablePin pin = tables.pin(source("sql:SELECT uuid() AS id"));
        TableCopy copy = new TableCopy(spark, pin, List.of());
        RpoException refused = assertThrows(RpoException.class, () -> copy.in(artifact(copy), "1"));
        assertEquals(RpoException.Kind.RETRYABLE, refused.kind());
        assertTrue(artifact(copy).manifest().isEmpty());
    }

    private ArtifactDirectory artifact(TableCopy copy) {
        return new ArtifactDirectory(
                new org.apache.hadoop.fs.Path(folder.resolve(copy.name()).toString()), Fence.NONE, new Configuration());
    }
}
