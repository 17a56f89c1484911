package ai.rpo.spark.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.spark.SparkTest;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@SparkTest
class TableWriterTest {

    private static SparkSession given;

    @TempDir
    Path folder;

    private SparkSession spark;

    @BeforeEach
    void open() {
        spark = TableSession.open(given, folder.resolve("warehouse"));
    }

    @ParameterizedTest
    @CsvSource({"iceberg, ice.db.scores", "delta, default.scores_delta", "parquet, default.scores_parquet"})
    void aTableIsReplacedWhole(String format, String name) {
        spark.sql("DROP TABLE IF EXISTS " + name);
        if (format.equals("delta")) {
            spark.sql("CREATE TABLE " + name + " (id BIGINT) USING delta LOCATION '" + folder.resolve("delta") + "'");
        }
        TableWriter writer = new TableWriter(spark, name);
        try {
            writer.check();
            writer.replace(spark.range(3).toDF("id"));
            assertEquals(3, spark.table(name).count());
            writer.check();
            writer.replace(spark.sql("SELECT id, 'x' AS text FROM range(5)"));
            assertEquals(5, spark.table(name).count());
            assertEquals(2, spark.table(name).columns().length);
            assertEquals(format, TableHistory.provider(TableName.of(name, spark), spark));
            assertFalse(spark.catalog().tableExists(name + "_rpo_staging"));
        } finally {
            spark.sql("DROP TABLE IF EXISTS " + name);
        }
    }

    @Test
    void rowsOfOthersAreLeftAlone() {
        spark.sql("CREATE TABLE ice.db.theirs USING iceberg AS SELECT 1 AS id");
        TableWriter writer = new TableWriter(spark, "ice.db.theirs");
        RpoException refused = assertThrows(RpoException.class, writer::check);
        assertTrue(refused.getMessage().contains("it has rows that this program did not write"), refused.getMessage());
        assertThrows(RpoException.class, () -> writer.replace(spark.range(3).toDF("id")));
        assertEquals(1, spark.table("ice.db.theirs").count());
        assertThrows(RpoException.class, () -> new TableWriter(spark, "two words"));
    }
}
