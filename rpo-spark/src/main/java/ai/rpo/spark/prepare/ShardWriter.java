package ai.rpo.spark.prepare;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.element_at;
import static org.apache.spark.sql.functions.floor;
import static org.apache.spark.sql.functions.lit;

import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.unsafe.hash.Murmur3_x86_32;

/** Writes rows as Parquet files of equally many rows, each file holding a run of ordinals. */
final class ShardWriter {

    private static final long TOKENS_PER_SHARD = 8L << 20;
    private static final long FEWEST_ROWS = 64;
    private static final int SPARK_HASH_SEED = 42;

    private ShardWriter() {}

    /** As many files as keep all cores busy, as long as they are worth a task, and more where they would get large. */
    static int shards(long rows, long tokens, int cores) {
        long bySize = ceilDiv(tokens, TOKENS_PER_SHARD);
        long byCores = Math.min(2L * cores, ceilDiv(rows, FEWEST_ROWS));
        return Math.toIntExact(Math.max(1, Math.max(bySize, byCores)));
    }

    private static long ceilDiv(long a, long b) {
        return (a + b - 1) / b;
    }

    /**
     * @param data has a column {@code ordinal} with each of 0 … rows−1 once
     */
    static void write(Dataset<Row> data, long rows, int shards, Path folder) {
        // Spark partitions by the hash of a column and has no partitioning by position, so each shard's number is
        // replaced by a number whose hash is that shard's.
        Column keys = functions.array(
                IntStream.of(keysByShard(shards)).mapToObj(functions::lit).toArray(Column[]::new));
        Column shard =
                floor(col("ordinal").multiply(lit(shards)).divide(lit(rows))).cast("int");
        data.withColumn("shard_key", element_at(keys, shard.plus(1)))
                .repartition(shards, col("shard_key"))
                .drop("shard_key")
                .sortWithinPartitions("ordinal")
                .write()
                .mode("overwrite")
                .parquet(folder.toString());
    }

    private static int[] keysByShard(int shards) {
        int[] keys = new int[shards];
        boolean[] found = new boolean[shards];
        int left = shards;
        for (int key = 0; left > 0; key++) {
            int shard = Math.floorMod(Murmur3_x86_32.hashInt(key, SPARK_HASH_SEED), shards);
            if (!found[shard]) {
                found[shard] = true;
                keys[shard] = key;
                left--;
            }
        }
        return keys;
    }
}
