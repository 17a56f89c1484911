package ai.rpo.spark.train;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.loss.Loss;
import ai.rpo.core.loss.PreferenceLoss;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.Dtype;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ModelExport;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.train.PolicyNetwork;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.spark.dataset.ExampleRows;
import ai.rpo.spark.dataset.PairRows;
import ai.rpo.spark.dataset.ParquetShards;
import ai.rpo.spark.device.Cores;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.store.LocalCopies;
import ai.rpo.spark.store.SmallFile;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Trains a model on a folder of rows: scored pairs under a {@link PreferenceLoss}, supervised rows otherwise. Ends with
 * a model in Hugging Face layout; leaves metrics and a checkpoint after each epoch on the way, and goes on from the
 * latest checkpoint if there is one.
 */
public final class TrainStage {

    /** A lone worker has nobody to average with; it still reports, and could be lost, this often. */
    private static final int STEPS_PER_ROUND_OF_ONE = 64;

    private final SparkSession spark;
    private final LocalModel start;
    private final Loss loss;
    private final TrainSettings settings;
    private final Precision precision;

    public TrainStage(SparkSession spark, LocalModel start, Loss loss, TrainSettings settings, Precision precision) {
        this.spark = spark;
        this.start = start;
        this.loss = loss;
        this.settings = settings;
        this.precision = precision;
    }

    /**
     * @param rows folder of Parquet shards
     * @param output folder of metrics and checkpoints
     * @param model folder for the trained model
     * @param dtype that the model is written in
     * @param run what the training depends on, so that only its own checkpoints are taken up
     * @param referenceIsStart whether the rows were scored with the weights that training starts from
     * @param facts what the model card says of the model's origin
     */
    public record Request(
            Path rows,
            Path output,
            Path model,
            Dtype dtype,
            String run,
            boolean referenceIsStart,
            Map<String, String> facts) {}

    /**
     * @param rows trained on in each epoch
     * @param steps optimizer steps of the whole run
     * @param resumedAt steps that an earlier start had already taken
     */
    public record Result(long rows, long steps, long resumedAt) {}

    /**
     * @throws RpoException if there are no rows, if the first step shows a wrong reference, or if a number stops being
     *     finite; the checkpoint of the last finished epoch is kept
     */
    public Result run(Request request, Progress progress) {
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        JavaPairRDD<TrainingExample, Long> rows = indexedRows(request.rows()).persist(StorageLevel.MEMORY_AND_DISK());
        try {
            long count = rows.count();
            if (count == 0) {
                throw RpoException.data("Cannot train on " + request.rows()
                        + ": it holds no rows. See what prepare dropped, in data/report.json.");
            }
            ModelDirectory source = start.open();
            String run = UUID.randomUUID().toString();
            long totalSteps = settings.totalSteps(count);
            PolicyNetwork network = network(source, totalSteps);
            Checkpoints checkpoints = new Checkpoints(
                    new Path(request.output(), "checkpoints"), request.run(), settings.keepCheckpoints(), hadoop);
            Optional<Checkpoints.Checkpoint> resumed = checkpoints.restoreLatest(network);
            long firstStep = resumed.map(Checkpoints.Checkpoint::step).orElse(0L);
            MetricsLog log =
                    new MetricsLog(new SmallFile(new Path(request.output(), "metrics.jsonl"), hadoop), firstStep);
            long stepsPerEpoch = settings.stepsPerEpoch(count);
            TrainingJournal journal = new TrainingJournal(
                    log, PolicyNetwork.schedule(settings, totalSteps), stepsPerEpoch, totalSteps, progress);
            SparkComputationGraph graph = new SparkComputationGraph(
                    JavaSparkContext.fromSparkContext(spark.sparkContext()),
                    network.graph(),
                    new AveragingMaster(plan(request, run, stepsPerEpoch), firstStep, journal));
            progress.update("train", firstStep, totalSteps);
            for (int epoch = resumed.map(Checkpoints.Checkpoint::epoch).orElse(0); epoch < settings.epochs(); epoch++) {
                try {
                    runEpoch(graph, rows, count, epoch, run);
                } finally {
                    log.write();
                }
                checkpoints.save(network, source, epoch + 1, (epoch + 1) * stepsPerEpoch);
            }
            export(network, source, request, hadoop);
            return new Result(count, totalSteps, firstStep);
        } finally {
            rows.unpersist();
        }
    }

    private JavaPairRDD<TrainingExample, Long> indexedRows(Path folder) {
        JavaRDD<TrainingExample> examples = loss instanceof PreferenceLoss
                ? ParquetShards.readInOrder(spark, folder, PairRows.SCHEMA)
                        .javaRDD()
                        .map(PairRows::scoredPair)
                        .map(TrainingExample::of)
                : ParquetShards.readInOrder(spark, folder, ExampleRows.SCHEMA)
                        .javaRDD()
                        .map(ExampleRows::example)
                        .map(TrainingExample::of);
        return examples.zipWithIndex();
    }

    private PolicyNetwork network(ModelDirectory source, long totalSteps) {
        int threads = Cores.of(spark).threads(settings.workers());
        PolicyNetwork network = PolicyNetwork.create(
                PolicyNetwork.configuration(source.configJson(), loss, settings, precision, totalSteps, threads));
        new Parameters(ParameterLayout.of(source.config()), network.parameters()).load(source.weights());
        return network;
    }

    private AveragingMaster.Plan plan(Request request, String run, long stepsPerEpoch) {
        int stepsPerRound = settings.workers() == 1
                ? Math.max(STEPS_PER_ROUND_OF_ONE, settings.averagingFrequency())
                : settings.averagingFrequency();
        double marginLimit = !request.referenceIsStart()
                ? Double.POSITIVE_INFINITY
                : switch (precision) {
                    case FLOAT32 -> 1e-3;
                    case BFLOAT16 -> 0.1;
                };
        return new AveragingMaster.Plan(
                run,
                stepsPerEpoch,
                stepsPerRound,
                Duration.ofSeconds(settings.workerTimeout()),
                new FirstMargin(marginLimit));
    }

    private void runEpoch(
            SparkComputationGraph graph, JavaPairRDD<TrainingExample, Long> rows, long count, int epoch, String run) {
        JavaRDD<MultiDataSet> workers =
                WorkerBatches.of(rows, count, settings, epoch).persist(StorageLevel.MEMORY_AND_DISK());
        try {
            graph.fitMultiDataSet(workers);
            if (epoch + 1 == settings.epochs()) {
                // Tasks go where their rows are kept, which is where the networks are.
                workers.foreachPartition(batches -> IdleNetworks.ofThisJvm().release(run));
            }
        } finally {
            workers.unpersist();
        }
    }

    private static void export(PolicyNetwork network, ModelDirectory source, Request request, Configuration hadoop) {
        java.nio.file.Path local = LocalCopies.temporaryFolder();
        try {
            java.nio.file.Path folder = local.resolve("model");
            ParameterLayout layout = ParameterLayout.of(source.config());
            new ModelExport(source, request.dtype())
                    .write(folder, new Parameters(layout, network.parameters()).asWeights(), request.facts());
            LocalCopies.upload(folder, request.model(), hadoop);
        } finally {
            LocalCopies.delete(local);
        }
    }
}
