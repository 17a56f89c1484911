package ai.rpo.spark.device;

import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.SparkSession;

/**
 * The cores that Spark has for this application, and how arithmetic shares them: as many threads in a task as there are
 * cores for it, and no more.
 *
 * @param total over all executors
 * @param perExecutor the most that one task can have
 * @param perTask that Spark sets aside for each; 1 unless someone asked for more
 */
public record Cores(int total, int perExecutor, int perTask) {

    public static Cores of(SparkSession spark) {
        return of(spark.sparkContext().getConf(), spark.sparkContext().defaultParallelism());
    }

    /** @param registered with Spark so far: some executors may be on their way */
    static Cores of(SparkConf conf, int registered) {
        int requested = conf.getInt("spark.executor.instances", 0) * conf.getInt("spark.executor.cores", 0);
        int total = Math.max(1, Math.max(registered, requested));
        return new Cores(
                total, conf.getInt("spark.executor.cores", total), Math.max(1, conf.getInt("spark.task.cpus", 1)));
    }

    /** Sets aside so many cores for each task; 0 for as many as any task gets. */
    public Cores forTasksOf(int cores) {
        return cores > 0 ? new Cores(total, perExecutor, cores) : this;
    }

    /** Tasks that run at once, if there are as many. */
    public int slots() {
        return Math.max(1, total / perTask);
    }

    /** Threads for each of so many tasks that run at once. */
    public int threads(int tasks) {
        if (perTask > 1) {
            return perTask; // no other task gets them
        }
        int share = total / Math.max(1, Math.min(tasks, total));
        return Math.max(1, Math.min(share, perExecutor));
    }

    /** Deals rows to at least a partition for each task that can run at once, so that no core idles. */
    public <T> JavaRDD<T> spread(JavaRDD<T> rows) {
        return rows.getNumPartitions() >= slots() ? rows : rows.repartition(slots());
    }
}
