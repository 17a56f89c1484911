package ai.rpo.bench;

import ai.rpo.core.Progress;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.Dtype;
import ai.rpo.core.model.ExportForm;
import ai.rpo.core.model.LoraSettings;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterFile;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.Weights;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.train.OuterSettings;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.core.train.WorkerResources;
import ai.rpo.spark.dataset.PairRows;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.store.Fence;
import ai.rpo.spark.store.LocalCopies;
import ai.rpo.spark.train.CheckpointChoice;
import ai.rpo.spark.train.TrainStage;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.SparkSession;

/**
 * Trains a model of more than 2³⁰ parameters for one step, goes on from its checkpoint for another, and exports both:
 * {@code SHAPE adamw|sgd FOLDER}. With SGD the way of all weights from one export to the next must be as long as the
 * learning rate times the clipped norm of the gradient, whatever parameter that moved.
 */
public final class LargeModel {

    private static final double RATE = 0.1;
    private static final int TOKENS = 8;

    private final Shape shape;
    private final TrainSettings.Optimizer optimizer;
    private final Path work;

    private LargeModel(Shape shape, TrainSettings.Optimizer optimizer, Path work) {
        this.shape = shape;
        this.optimizer = optimizer;
        this.work = work;
    }

    public static void main(String[] args) throws IOException {
        Path work = Files.createTempDirectory(Path.of(args[2]), "rpo-large-");
        try (SparkSession spark = SparkSession.builder()
                .master("local[1]")
                .config("spark.ui.enabled", false)
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.local.dir", work.toString())
                .getOrCreate()) {
            Shape shape = Shape.valueOf(args[0].toUpperCase(Locale.ROOT));
            TrainSettings.Optimizer optimizer = TrainSettings.Optimizer.valueOf(args[1].toUpperCase(Locale.ROOT));
            new LargeModel(shape, optimizer, work).run(spark);
        } finally {
            LocalCopies.delete(work);
        }
    }

    private void run(SparkSession spark) throws IOException {
        print("%s: %,d parameters, %s", shape, shape.parameters(), optimizer);
        Path model = Files.createDirectories(work.resolve("model"));
        Files.writeString(model.resolve("config.json"), shape.json());
        ParameterFile.write(model.resolve("model.safetensors"), ParameterLayout.of(shape.config()), shape.weights());
        TrainingExample pair = TrainingExample.pair(
                0, tokens(3), tokens(100), tokens(shape.config().vocabularySize() - TOKENS));
        spark.createDataFrame(List.of(PairRows.of(pair.withReference(-90, -90))), PairRows.SCHEMA)
                .write()
                .parquet(work.resolve("rows").toString());
        Path before = model;
        for (int epochs = 1; epochs <= 2; epochs++) {
            before = trained(spark, model, before, epochs);
        }
    }

    private Path trained(SparkSession spark, Path model, Path before, int epochs) throws IOException {
        Path after = work.resolve("trained-" + epochs);
        long began = System.nanoTime();
        TrainStage.Result result = new TrainStage(
                        spark,
                        LocalModel.of(model.toString(), spark.sparkContext().hadoopConfiguration()),
                        LoraSettings.OFF,
                        RpoObjective.paper(0.1, 0.5),
                        settings(epochs),
                        Precision.FLOAT32)
                .run(
                        new TrainStage.Request(
                                hadoop(work.resolve("rows")),
                                hadoop(work.resolve("train")),
                                hadoop(after),
                                ExportForm.full(Dtype.F32),
                                "large",
                                false,
                                Map.of(),
                                CheckpointChoice.LAST,
                                Fence.NONE),
                        Progress.NONE);
        double norm = lastLine().get("grad_norm").asDouble();
        print(
                "from step %d to %d in %.0f s: norm of the gradient %.6f, so a way of %.9f by SGD; way of the weights %.9f; %s",
                result.resumedAt(),
                result.steps(),
                (System.nanoTime() - began) / 1e9,
                norm,
                RATE * Math.min(1, norm),
                distance(before, after),
                peak());
        return after;
    }

    private TrainSettings settings(int epochs) {
        return new TrainSettings(
                epochs,
                1,
                64,
                false,
                RATE,
                0,
                TrainSettings.Schedule.CONSTANT,
                optimizer,
                TrainSettings.OptimizerDevice.AUTO,
                0,
                1,
                0,
                false,
                1,
                1,
                1,
                0,
                0,
                1,
                OuterSettings.average(),
                WorkerResources.OF_ANY_TASK);
    }

    private JsonNode lastLine() throws IOException {
        List<String> lines = Files.readAllLines(work.resolve("train/metrics.jsonl"));
        return new ObjectMapper().readTree(lines.get(lines.size() - 1));
    }

    /** √Σ(b − a)² over all weights of two folders. */
    private double distance(Path before, Path after) {
        ParameterLayout layout = ParameterLayout.of(shape.config());
        Weights start = ModelDirectory.open(before).weights();
        double[] sum = new double[1];
        ModelDirectory.open(after).weights().readAll(layout, (entry, offset, read, length) -> {
            float[] other = new float[length];
            start.read(entry, offset, FloatBuffer.wrap(other));
            for (int i = 0; i < length; i++) {
                double moved = (double) read[i] - other[i];
                sum[0] += moved * moved;
            }
        });
        return Math.sqrt(sum[0]);
    }

    private static int[] tokens(int first) {
        int[] ids = new int[TOKENS];
        for (int i = 0; i < TOKENS; i++) {
            ids[i] = first + i;
        }
        return ids;
    }

    private static String peak() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .findFirst()
                .orElse("");
    }

    private static org.apache.hadoop.fs.Path hadoop(Path path) {
        return new org.apache.hadoop.fs.Path(path.toUri());
    }

    private static void print(String format, Object... values) {
        System.out.println(String.format(Locale.ROOT, format, values));
    }
}
