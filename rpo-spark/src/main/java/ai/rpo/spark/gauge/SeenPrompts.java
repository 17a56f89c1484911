package ai.rpo.spark.gauge;

import static org.apache.spark.sql.functions.col;

import ai.rpo.spark.dataset.PairRows;
import ai.rpo.spark.dataset.ParquetShards;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Tells how many of the prompts that policies are measured on they have been trained on.
 *
 * @param prompts that differ
 * @param trained on, of these
 */
public record SeenPrompts(long prompts, long trained) {

    /**
     * Compares token ids.
     *
     * @param completions folder of JSON lines with {@code prompt_ids}
     * @param pairs folder of pairs that are trained on
     */
    public static SeenPrompts of(SparkSession spark, Path completions, Path pairs) {
        Dataset<Row> asked = spark.read()
                .schema("prompt_ids array<int>")
                .json(completions.toString())
                .distinct();
        Dataset<Row> trained = ParquetShards.read(spark, pairs, PairRows.SCHEMA)
                .select(col("prompt_ids").as("trained_ids"))
                .distinct();
        long seen = asked.join(trained, asked.col("prompt_ids").equalTo(trained.col("trained_ids")), "left_semi")
                .count();
        return new SeenPrompts(asked.count(), seen);
    }
}
