package ai.rpo.spark.prepare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import ai.rpo.core.Progress;
import ai.rpo.spark.SparkTest;
import ai.rpo.spark.dataset.PairRows;
import ai.rpo.spark.dataset.ParquetShards;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pairs that say by how much one completion is better. */
@SparkTest
class MarginTest {

    private static SparkSession spark;

    @TempDir
    private Path folder;

    private PrepareFixture work;

    @BeforeEach
    void writeModel() {
        work = new PrepareFixture(spark, folder);
    }

    @Test
    void eachPairBringsItsNumberAndRowsWithoutOneAreLeftOut() throws IOException {
        Path lines = work.lines(
                "rows.jsonl",
                rated(0, "0.5"),
                PrepareFixture.pair(1),
                rated(2, "\"much\""),
                rated(3, "-2"),
                "{\"prompt\": \"a\", \"completion\": \"b\", \"label\": true, \"ahead\": 1}");
        prepare(lines, Optional.of("ahead"));
        assertEquals(List.of(0.5, -2.0), margins());
        assertEquals(Map.of("missing-field", List.of(2, 3), "wrong-kind", List.of(5)), work.rejectedLines());

        Path parquet = work.parquet("rows.parquet", List.of(rated(4, "1"), rated(5, "2")));
        prepare(parquet, Optional.of("ahead"));
        assertEquals(List.of(1.0, 2.0), margins());
    }

    @Test
    void nobodyLooksForItUnasked() throws IOException {
        Path lines = work.lines("rows.jsonl", rated(0, "0.5"), PrepareFixture.pair(1));
        prepare(lines, Optional.empty());
        assertEquals(List.of(0.0, 0.0), margins());
        String[] columns =
                spark.read().parquet(work.path("data/train").toString()).columns();
        assertFalse(Arrays.asList(columns).contains("margin"));
    }

    private static String rated(int i, String margin) {
        return PrepareFixture.pair(i).replace("}", ", \"ahead\": " + margin + "}");
    }

    private void prepare(Path input, Optional<String> margin) {
        new PrepareStage(RowKind.PAIRS, PlainSettings.of(input).build(), margin, work.model())
                .run(spark, work.hadoop("data"), work.hadoop("rejected"), Progress.NONE);
    }

    private List<Double> margins() {
        return ParquetShards.readInOrder(spark, work.hadoop("data/train"), PairRows.WITH_MARGIN)
                .collectAsList()
                .stream()
                .map(PairRows::margin)
                .toList();
    }
}
