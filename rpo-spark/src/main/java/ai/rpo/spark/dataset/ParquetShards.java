package ai.rpo.spark.dataset;

import ai.rpo.core.RpoException;
import ai.rpo.core.RpoException.Kind;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/** A folder of Parquet files that a stage wrote. */
public final class ParquetShards {

    private ParquetShards() {}

    /**
     * The rows of all shards, in no particular order.
     *
     * @param schema {@link PairRows#SCHEMA} or {@link ExampleRows#SCHEMA}
     * @throws RpoException where the folder is not there
     */
    public static Dataset<Row> read(SparkSession spark, Path folder, StructType schema) {
        try {
            // A manifest may lie beside the shards.
            return spark.read()
                    .schema(schema)
                    .option("pathGlobFilter", "*.parquet")
                    .parquet(folder.toString());
        } catch (Exception e) {
            // Spark declares this checked exception to Scala alone.
            if (e instanceof AnalysisException) {
                throw new RpoException(
                        Kind.CONFIGURATION,
                        "Cannot read " + folder + ": " + e.getMessage() + ". Run the stage that makes it.",
                        e);
            }
            throw e;
        }
    }

    /** The rows of all shards in the order of their ordinals, which is the input's. */
    public static Dataset<Row> readInOrder(SparkSession spark, Path folder, StructType schema) {
        return read(spark, folder, schema).orderBy("ordinal");
    }
}
