package ai.rpo.spark.device;

import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.SparkSession;

/**
 * The cores that Spark has for this application, and how arithmetic shares them: as many threads in a task as there are
 * cores for it, and no more.
 *
 * @param total over all executors
 * @param perExecutor the most that one task can have
 */
public record Cores(int total, int perExecutor) {

    public static Cores of(SparkSession spark) {
        int total = Math.max(1, spark.sparkContext().defaultParallelism());
        return new Cores(total, spark.sparkContext().getConf().getInt("spark.executor.cores", total));
    }

    /** Threads for each of so many tasks that run at once. */
    public int threads(int tasks) {
        int share = total / Math.max(1, Math.min(tasks, total));
        return Math.max(1, Math.min(share, perExecutor));
    }

    /** The same rows in at least a partition per core, so that none idles. */
    public <T> JavaRDD<T> spread(JavaRDD<T> rows) {
        return rows.getNumPartitions() >= total ? rows : rows.repartition(total);
    }
}
