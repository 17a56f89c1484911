package ai.rpo.spark.dataset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.spark.SparkTest;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SparkTest
class ParquetShardsTest {

    private static SparkSession spark;

    @TempDir
    private java.nio.file.Path folder;

    @Test
    void pairsComeBackInOrderWithAndWithoutReferences() throws IOException {
        TrainingExample second = TrainingExample.pair(1, new int[] {1, 2}, new int[] {3}, new int[] {4, 5, 2});
        TrainingExample first = TrainingExample.pair(0, new int[] {7}, new int[] {8, 2}, new int[] {9})
                .withReference(-1.25, Double.MIN_VALUE);
        Path shards = new Path(folder.resolve("pairs").toUri());
        spark.createDataFrame(List.of(PairRows.of(second), PairRows.of(first)), PairRows.SCHEMA)
                .repartition(2)
                .write()
                .parquet(shards.toString());
        Files.writeString(folder.resolve("pairs/manifest.json"), "{}");

        List<Row> rows =
                ParquetShards.readInOrder(spark, shards, PairRows.SCHEMA).collectAsList();

        assertTrue(PairRows.isScored(rows.get(0)));
        TrainingExample scored = PairRows.scored(rows.get(0));
        assertEquals(-1.25, scored.referenceLogps()[0]);
        assertEquals(Double.MIN_VALUE, scored.referenceLogps()[1]);
        assertArrayEquals(new int[] {8, 2}, scored.chosen());
        assertFalse(PairRows.isScored(rows.get(1)));
        TrainingExample pair = PairRows.pair(rows.get(1));
        assertEquals(1, pair.ordinal());
        assertArrayEquals(second.prompt(), pair.prompt());
        assertArrayEquals(second.rejected(), pair.rejected());
    }

    @Test
    void examplesComeBack() {
        TrainingExample example = TrainingExample.supervised(5, new int[] {1}, new int[] {2, 3});
        Path shards = new Path(folder.resolve("examples").toUri());
        spark.createDataFrame(List.of(ExampleRows.of(example)), ExampleRows.SCHEMA)
                .write()
                .parquet(shards.toString());
        TrainingExample read = ExampleRows.example(
                ParquetShards.read(spark, shards, ExampleRows.SCHEMA).first());
        assertEquals(5, read.ordinal());
        assertArrayEquals(new int[] {1}, read.prompt());
        assertArrayEquals(new int[] {2, 3}, read.chosen());
    }

    @Test
    void aMissingFolderIsNamed() {
        Path missing = new Path(folder.resolve("nothing").toUri());
        RpoException e = assertThrows(RpoException.class, () -> ParquetShards.read(spark, missing, PairRows.SCHEMA));
        assertTrue(e.getMessage().startsWith("Cannot read " + missing), e.getMessage());
    }
}
