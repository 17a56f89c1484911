package ai.rpo.spark.reference;

import ai.rpo.core.Progress;
import ai.rpo.spark.dataset.PairRows;
import ai.rpo.spark.dataset.ParquetShards;
import ai.rpo.spark.device.Cores;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.device.PolledProgress;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.LongAccumulator;

/** Adds the reference model's log-probabilities to prepared pairs. Rows that brought their own keep them. */
public final class ScoreStage {

    private final SparkSession spark;
    private final LocalModel reference;
    private final ScoreSettings settings;

    public ScoreStage(SparkSession spark, LocalModel reference, ScoreSettings settings) {
        this.spark = spark;
        this.reference = reference;
        this.settings = settings;
    }

    /**
     * @param pairs rows in the output
     * @param given rows that brought their log-probabilities
     * @param seconds the stage took
     */
    public record Result(long pairs, long given, double seconds) {}

    /**
     * @param prepared folder of {@link PairRows}
     * @param output folder for the same rows with every log-probability filled in
     * @throws ai.rpo.core.RpoException as a cause, if a log-probability is not finite
     */
    public Result run(Path prepared, Path output, Progress progress) {
        long start = System.nanoTime();
        Cores cores = Cores.of(spark);
        JavaRDD<Row> rows = cores.spread(
                ParquetShards.read(spark, prepared, PairRows.SCHEMA).javaRDD());
        long total = rows.count();
        long given = rows.filter(PairRows::isScored).count();
        LongAccumulator done = spark.sparkContext().longAccumulator("scored pairs");
        DistributedScorer scorer =
                new DistributedScorer(reference, settings, cores.threads(rows.getNumPartitions()), done);
        JavaRDD<Row> computed = scorer.score(
                        rows.filter(row -> !PairRows.isScored(row)).map(PairRows::pair))
                .map(PairRows::of);
        JavaRDD<Row> scored =
                given == 0 ? computed : rows.filter(PairRows::isScored).union(computed);
        try (PolledProgress polled = new PolledProgress(progress, "score " + prepared.getName(), done, total - given)) {
            spark.createDataFrame(scored, PairRows.SCHEMA)
                    .write()
                    .mode(SaveMode.Overwrite)
                    .parquet(output.toString());
        }
        return new Result(total, given, (System.nanoTime() - start) / 1e9);
    }
}
