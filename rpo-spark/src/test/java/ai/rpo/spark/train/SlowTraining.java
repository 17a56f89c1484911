package ai.rpo.spark.train;

import ai.rpo.core.Progress;
import ai.rpo.core.model.Dtype;
import ai.rpo.core.model.ExportForm;
import ai.rpo.core.model.LoraSettings;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.train.OuterSettings;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.core.train.WorkerResources;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.store.Fence;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/** A JVM that trains slowly enough to be killed on the way: {@code ROWS MODEL OUTPUT WORKERS}. */
final class SlowTraining {

    private SlowTraining() {}

    public static void main(String[] args) {
        SparkSession spark = SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", false)
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.sql.shuffle.partitions", 2)
                .getOrCreate();
        Progress slowly = (what, done, total) -> {
            try {
                Thread.sleep(300);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
        train(spark, args[0], args[1], args[2], Integer.parseInt(args[3]), slowly);
    }

    static TrainStage.Result train(
            SparkSession spark, String rows, String model, String output, int workers, Progress progress) {
        TrainSettings settings = new TrainSettings(
                4,
                3,
                64,
                false,
                0.05,
                0.1,
                TrainSettings.Schedule.COSINE,
                TrainSettings.Optimizer.ADAMW,
                TrainSettings.OptimizerDevice.AUTO,
                0.01,
                1,
                0,
                true,
                7,
                workers,
                2,
                0,
                2,
                2,
                new OuterSettings(
                        workers > 1 ? OuterSettings.Optimizer.NESTEROV : OuterSettings.Optimizer.AVERAGE, 0.7, 0.9),
                WorkerResources.OF_ANY_TASK);
        return new TrainStage(
                        spark,
                        LocalModel.of(model, spark.sparkContext().hadoopConfiguration()),
                        LoraSettings.OFF,
                        RpoObjective.paper(0.1, 0.5),
                        settings,
                        Precision.FLOAT32)
                .run(
                        new TrainStage.Request(
                                new Path(rows),
                                new Path(output),
                                new Path(output + "-model"),
                                ExportForm.full(Dtype.F32),
                                "run",
                                false,
                                Map.of(),
                                CheckpointChoice.LAST,
                                Fence.NONE),
                        progress);
    }
}
