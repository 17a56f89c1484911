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

/**
 * Writes rows as Parquet files of about as many tokens each. A file holds a run of ordinals, ordered by length. Which
 * depends on the rows before it alone, so that rows which are added at the end change no file but the last.
 */
final class ShardWriter {

    private static final long TOKENS_PER_SHARD = 1 << 20;
    private static final int SPARK_HASH_SEED = 42;

    private ShardWriter() {}

    /** Tells how many files so many tokens take. */
    static int shards(long tokens) {
        return Math.toIntExact((tokens + TOKENS_PER_SHARD - 1) / TOKENS_PER_SHARD);
    }

    /** The number of a row's shard, from 0. */
    static Column shard(Column tokensBefore) {
        return floor(tokensBefore.divide(lit(TOKENS_PER_SHARD))).cast("int");
    }

    /**
     * @param data with columns {@code shard} and {@code length}, which are not written
     * @param tokens of all rows
     */
    static void write(Dataset<Row> data, long tokens, Path folder) {
        int shards = shards(tokens);
        // Spark partitions by the hash of a column and has no partitioning by position, so each shard's number is
        // replaced by a number whose hash is that shard's.
        Column keys = functions.array(
                IntStream.of(keysByShard(shards)).mapToObj(functions::lit).toArray(Column[]::new));
        data.withColumn("shard_key", element_at(keys, col("shard").plus(1)))
                .repartition(shards, col("shard_key"))
                .sortWithinPartitions("length", "ordinal")
                .drop("shard_key", "shard", "length")
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
