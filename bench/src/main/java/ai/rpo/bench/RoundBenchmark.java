package ai.rpo.bench;

import ai.rpo.core.Progress;
import ai.rpo.core.dl4j.ExampleCodec;
import ai.rpo.core.loss.PreferenceLoss;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.Dtype;
import ai.rpo.core.model.ExportForm;
import ai.rpo.core.model.LoraSettings;
import ai.rpo.core.model.ParameterFile;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.score.ScoredPair;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.TokenizedPair;
import ai.rpo.core.train.OuterSettings;
import ai.rpo.core.train.PolicyNetwork;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.core.train.WorkerResources;
import ai.rpo.spark.dataset.PairRows;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.store.Fence;
import ai.rpo.spark.train.TrainStage;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.Repartition;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Times rounds of distributed training on one machine: {@code SHAPE WORKERS FREQUENCY ROUNDS PROMPT RESPONSE PAIRS [stock]}.
 * With {@code stock}, DL4J's own averaging master takes rounds of the same batches afterwards. Prints the median round.
 */
public final class RoundBenchmark {

    private final Shape shape;
    private final int workers;
    private final int frequency;
    private final int rounds;
    private final int pairsPerBatch;
    private final List<TrainingExample> pairs;

    private RoundBenchmark(String[] args) {
        shape = Shape.valueOf(args[0].toUpperCase(Locale.ROOT));
        workers = Integer.parseInt(args[1]);
        frequency = Integer.parseInt(args[2]);
        rounds = Integer.parseInt(args[3]);
        pairsPerBatch = Integer.parseInt(args[6]);
        pairs = shape.pairs(
                workers * frequency * rounds * pairsPerBatch, Integer.parseInt(args[4]), Integer.parseInt(args[5]));
    }

    public static void main(String[] args) throws IOException {
        RoundBenchmark benchmark = new RoundBenchmark(args);
        Path work = Files.createTempDirectory("rpo-bench-");
        try (SparkSession spark = SparkSession.builder()
                .master("local[" + benchmark.workers + "]")
                .config("spark.ui.enabled", false)
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.sql.shuffle.partitions", benchmark.workers)
                .getOrCreate()) {
            double ours = benchmark.ours(spark, work);
            if (List.of(args).contains("stock")) {
                double stock = benchmark.stock(JavaSparkContext.fromSparkContext(spark.sparkContext()));
                print("stock: median round %.3f s without steps, %.1f times ours", stock, stock / ours);
            }
        } finally {
            deleteAll(work);
        }
    }

    /** Seconds of a round in which no worker computed. */
    private double ours(SparkSession spark, Path work) throws IOException {
        Path model = Files.createDirectories(work.resolve("model"));
        Files.writeString(model.resolve("config.json"), shape.json());
        PolicyNetwork initial = network(1);
        ParameterFile.write(
                model.resolve("model.safetensors"), ParameterLayout.of(shape.config()), (entry, offset, target) -> {
                    float[] values = new float[target.remaining()];
                    initial.parameters().read(entry.offset() + offset, values, 0, values.length);
                    target.put(values);
                });
        initial.graph().close();
        spark.createDataFrame(pairs.stream().map(p -> PairRows.of(scored(p))).toList(), PairRows.SCHEMA)
                .write()
                .parquet(work.resolve("rows").toString());
        LocalModel start = LocalModel.of(model.toString(), spark.sparkContext().hadoopConfiguration());
        Memory memory = new Memory();
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
                                Optional.empty(),
                                Fence.NONE),
                        memory);
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(work.resolve("train/metrics.jsonl"))) {
            JsonNode json = new ObjectMapper().readTree(line);
            if (json.has("round/seconds")) {
                lines.add(json);
            }
        }
        List<JsonNode> warm = lines.subList(Math.min(1, lines.size() - 1), lines.size());
        double exchange = median(warm, "round/seconds")
                - median(warm, "round/compute_seconds")
                - median(warm, "round/wait_seconds");
        print(
                "%s %,d parameters, %d workers, %d steps a round: median of %d rounds %.3f s, of it compute %.3f, wait %.3f,"
                        + " transfer %.3f, averaging %.3f; not compute %.2f %%, without steps %.3f s; %.0f MB moved; %s",
                shape,
                ParameterLayout.of(shape.config()).size(),
                workers,
                frequency,
                warm.size(),
                median(warm, "round/seconds"),
                median(warm, "round/compute_seconds"),
                median(warm, "round/wait_seconds"),
                median(warm, "round/transfer_seconds"),
                median(warm, "round/averaging_seconds"),
                100 * median(warm, "round/overhead_share"),
                exchange,
                median(warm, "round/bytes_moved") / 1e6,
                memory);
        return exchange;
    }

    /** The same of DL4J's master, whose steps are taken to be as long as they are in a network of our own. */
    private double stock(JavaSparkContext spark) {
        PolicyNetwork network = network(Math.max(1, Runtime.getRuntime().availableProcessors() / workers));
        List<MultiDataSet> batches = new ArrayList<>();
        for (int i = 0; i < pairs.size(); i += pairsPerBatch) {
            batches.add(ExampleCodec.encode(pairs.subList(i, i + pairsPerBatch)));
        }
        double[] seconds = new double[rounds];
        int perRound = workers * frequency;
        for (int round = 0; round < rounds; round++) {
            JavaRDD<MultiDataSet> data =
                    spark.parallelize(batches.subList(round * perRound, (round + 1) * perRound), workers);
            long began = System.nanoTime();
            new SparkComputationGraph(
                            spark,
                            network.graph(),
                            new ParameterAveragingTrainingMaster.Builder(workers, 1)
                                    .rddTrainingApproach(RDDTrainingApproach.Direct)
                                    .repartionData(Repartition.Never)
                                    .batchSizePerWorker(1)
                                    .averagingFrequency(frequency)
                                    .saveUpdater(true)
                                    .build())
                    .fitMultiDataSet(data);
            seconds[round] = (System.nanoTime() - began) / 1e9;
        }
        double step = stepSeconds(network, batches.subList(0, Math.min(4, batches.size())));
        Arrays.sort(seconds);
        return seconds[rounds / 2] - frequency * step;
    }

    private static double stepSeconds(PolicyNetwork network, List<MultiDataSet> batches) {
        batches.forEach(network::step);
        long began = System.nanoTime();
        batches.forEach(network::step);
        return (System.nanoTime() - began) / 1e9 / batches.size();
    }

    private PolicyNetwork network(int threads) {
        PolicyNetwork network = PolicyNetwork.create(
                PolicyNetwork.configuration(shape.json(), loss(), settings(), Precision.FLOAT32, 1000, threads));
        shape.initialise(network.parameters());
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
                0,
                1,
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

    private static PreferenceLoss loss() {
        return new PreferenceLoss(RpoObjective.paper(0.01, 0.005));
    }

    private static ScoredPair scored(TrainingExample pair) {
        List<int[]> completions = pair.example().completions();
        return new ScoredPair(
                new TokenizedPair(pair.ordinal(), pair.example().prompt(), completions.get(0), completions.get(1)),
                -900,
                -900);
    }

    /** Heap and resident size, near the beginning and at the end. */
    private static final class Memory implements Progress {
        private final List<String> marks = new ArrayList<>();
        private long last;

        @Override
        public void update(String what, long done, long total) {
            boolean early = last * 10 < total && done * 10 >= total;
            boolean late = done == total && last < total;
            if (early || late) {
                System.gc();
                long heap = Runtime.getRuntime().totalMemory()
                        - Runtime.getRuntime().freeMemory();
                marks.add("step " + done + ": heap " + (heap >> 20) + " MB, resident " + residentMegabytes() + " MB");
            }
            last = done;
        }

        @Override
        public String toString() {
            return String.join("; ", marks);
        }

        private static long residentMegabytes() {
            try {
                return Files.readAllLines(Path.of("/proc/self/status")).stream()
                        .filter(line -> line.startsWith("VmRSS:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                        .findFirst()
                        .orElse(0);
            } catch (IOException e) {
                return 0;
            }
        }
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

    private static void deleteAll(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            List<Path> all = files.toList();
            for (int i :
                    IntStream.range(0, all.size()).map(i -> all.size() - 1 - i).toArray()) {
                Files.delete(all.get(i));
            }
        }
    }

    private static void print(String format, Object... values) {
        System.out.println(String.format(Locale.ROOT, format, values));
    }
}
