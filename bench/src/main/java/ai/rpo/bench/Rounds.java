package ai.rpo.bench;

import ai.rpo.core.Progress;
import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.Dtype;
import ai.rpo.core.model.ExportForm;
import ai.rpo.core.model.LoraSettings;
import ai.rpo.core.model.ParameterFile;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.train.OuterSettings;
import ai.rpo.core.train.TrainPlan;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;

/** Rounds of distributed training on made-up pairs, with driver and executors in this JVM. */
final class Rounds {

    private final Shape shape;
    private final int workers;
    private final int frequency;
    private final int rounds;
    private final int pairsPerBatch;
    private final List<TrainingExample> pairs;

    /**
     * @param frequency optimizer steps of a worker in a round
     * @param prompt tokens
     * @param response tokens of each completion
     */
    Rounds(Shape shape, int workers, int frequency, int rounds, int prompt, int response, int pairsPerBatch) {
        this.shape = shape;
        this.workers = workers;
        this.frequency = frequency;
        this.rounds = rounds;
        this.pairsPerBatch = pairsPerBatch;
        pairs = shape.pairs(workers * frequency * rounds * pairsPerBatch, prompt, response);
    }

    /** Medians of some rounds; seconds, and bytes of states that were fetched. */
    record Median(
            int rounds,
            double total,
            double compute,
            double waiting,
            double transfer,
            double averaging,
            double overheadShare,
            double bytesMoved) {

        /** A round without its steps. */
        double exchange() {
            return total - compute - waiting;
        }
    }

    Shape shape() {
        return shape;
    }

    int workers() {
        return workers;
    }

    int frequency() {
        return frequency;
    }

    int rounds() {
        return rounds;
    }

    SparkSession session() {
        return SparkSession.builder()
                .master("local[" + workers + "]")
                .config("spark.ui.enabled", false)
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.sql.shuffle.partitions", workers)
                .getOrCreate();
    }

    /** Trains, and leaves nothing behind. The first round is left out, where there is another. */
    Median train(SparkSession spark, Progress progress) throws IOException {
        Path work = Files.createTempDirectory("rpo-bench-");
        try {
            return train(spark, work, progress);
        } finally {
            LocalCopies.delete(work);
        }
    }

    private Median train(SparkSession spark, Path work, Progress progress) throws IOException {
        Path model = Files.createDirectories(work.resolve("model"));
        Files.writeString(model.resolve("config.json"), shape.json());
        PolicyNetwork initial = network(1);
        ParameterFile.write(
                model.resolve("model.safetensors"), ParameterLayout.of(shape.config()), (entry, offset, target) -> {
                    float[] values = new float[target.remaining()];
                    initial.state().parameters().read(entry.offset() + offset, values, 0, values.length);
                    target.put(values);
                });
        initial.close();
        spark.createDataFrame(pairs.stream().map(PairRows::of).toList(), PairRows.SCHEMA)
                .write()
                .parquet(work.resolve("rows").toString());
        LocalModel start = LocalModel.of(model.toString(), spark.sparkContext().hadoopConfiguration());
        new TrainStage(spark, start, LoraSettings.OFF, loss(), settings(), Precision.FLOAT32)
                .run(
                        new TrainStage.Request(
                                hadoop(work.resolve("rows")),
                                hadoop(work.resolve("train")),
                                hadoop(work.resolve("trained")),
                                ExportForm.full(Dtype.F32),
                                "bench",
                                false,
                                Map.of(),
                                CheckpointChoice.LAST,
                                Fence.NONE),
                        progress);
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(work.resolve("train/metrics.jsonl"))) {
            JsonNode json = new ObjectMapper().readTree(line);
            if (json.has("round/seconds")) {
                lines.add(json);
            }
        }
        List<JsonNode> warm = lines.subList(Math.min(1, lines.size() - 1), lines.size());
        return new Median(
                warm.size(),
                median(warm, "round/seconds"),
                median(warm, "round/compute_seconds"),
                median(warm, "round/wait_seconds"),
                median(warm, "round/transfer_seconds"),
                median(warm, "round/averaging_seconds"),
                median(warm, "round/overhead_share"),
                median(warm, "round/bytes_moved"));
    }

    private PolicyNetwork network(int threads) {
        PolicyNetwork network =
                PolicyNetwork.create(TrainPlan.of(shape.json(), loss(), settings(), Precision.FLOAT32, 1000, threads));
        shape.initialise(network.state().parameters());
        return network;
    }

    private TrainSettings settings() {
        return new TrainSettings(
                1,
                pairsPerBatch,
                4096,
                false,
                5e-7,
                0,
                TrainSettings.Schedule.CONSTANT,
                TrainSettings.Optimizer.ADAMW,
                TrainSettings.OptimizerDevice.AUTO,
                0,
                1,
                0,
                false,
                1,
                workers,
                frequency,
                0,
                0,
                1,
                OuterSettings.average(),
                WorkerResources.OF_ANY_TASK);
    }

    private static RpoObjective loss() {
        return RpoObjective.paper(0.01, 0.005);
    }

    private static double median(List<JsonNode> lines, String name) {
        double[] sorted = lines.stream()
                .mapToDouble(line -> line.get(name).asDouble())
                .sorted()
                .toArray();
        return sorted[sorted.length / 2];
    }

    private static org.apache.hadoop.fs.Path hadoop(Path path) {
        return new org.apache.hadoop.fs.Path(path.toUri());
    }
}
