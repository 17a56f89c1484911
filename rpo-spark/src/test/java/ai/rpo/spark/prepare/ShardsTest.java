package ai.rpo.spark.prepare;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.spark.SparkTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SparkTest
class ShardsTest {

    private static SparkSession spark;

    @TempDir
    private Path folder;

    private PrepareFixture work;

    @BeforeEach
    void writeModel() {
        work = new PrepareFixture(spark, folder);
    }

    /** Rows of 600 to 2 600 tokens fill shards of a million within a thousand rows. */
    @Test
    void shardsStandWhereRowsAreAddedHoweverTheyAreRead() throws IOException {
        List<String> rows = IntStream.range(0, 1500)
                .mapToObj(i -> "{\"prompt_ids\": %s, \"chosen_ids\": [3], \"rejected_ids\": [4]}"
                        .formatted(IntStream.generate(() -> 5)
                                .limit(600 + i * 7919L % 2000)
                                .boxed()
                                .toList()))
                .toList();
        List<List<Long>> shards = shardsOf(rows, 3000);
        assertEquals(3, shards.size());
        assertEquals(
                LongStream.range(0, 1500).boxed().toList(),
                shards.stream().flatMap(List::stream).sorted().toList());
        for (int shard = 0; shard < 3; shard++) {
            List<Long> ordinals = shards.get(shard);
            int[] lengths = ordinals.stream()
                    .mapToInt(ordinal -> (int) (600 + ordinal * 7919 % 2000))
                    .toArray();
            assertArrayEquals(Arrays.stream(lengths).sorted().toArray(), lengths, "lengths of shard " + shard);
            long first = ordinals.stream().min(Long::compare).orElseThrow();
            long last = ordinals.stream().max(Long::compare).orElseThrow();
            assertEquals(ordinals.size(), last - first + 1, "a run of ordinals");
        }

        List<String> more = new ArrayList<>(rows);
        more.addAll(rows.subList(0, 700));
        List<List<Long>> afterwards = shardsOf(more, 3000);
        assertEquals(shards.subList(0, 2), afterwards.subList(0, 2));
        assertTrue(afterwards.size() > 3);
        spark.conf().set("spark.sql.shuffle.partitions", 5);
        try {
            assertEquals(shards, shardsOf(rows, 3000));
        } finally {
            spark.conf().set("spark.sql.shuffle.partitions", 2);
        }
    }

    /** The ordinals in each shard's file, as they stand there, by their first. */
    private List<List<Long>> shardsOf(List<String> rows, int contextLength) throws IOException {
        TargetModel target =
                new TargetModel(work.model().text(), contextLength, work.model().vocabularySize());
        work.prepare(PlainSettings.of(work.lines("data.jsonl", rows)).build(), RowKind.PAIRS, target);
        List<List<Long>> shards = new ArrayList<>();
        try (Stream<Path> files = Files.list(work.path("data/train"))) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".parquet")).toList()) {
                shards.add(spark.read().parquet(file.toString()).select("ordinal").collectAsList().stream()
                        .map(row -> row.getLong(0))
                        .toList());
            }
        }
        shards.sort(Comparator.comparing(Collections::min));
        return shards;
    }
}
