package ai.rpo.spark.train;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.ExportForm;
import ai.rpo.core.model.LoraSettings;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.Trainable;
import ai.rpo.core.model.Weights;
import ai.rpo.core.objective.Objective;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.train.LearningRateSchedule;
import ai.rpo.core.train.TrainPlan;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.spark.dataset.ExampleRows;
import ai.rpo.spark.dataset.PairRows;
import ai.rpo.spark.dataset.ParquetShards;
import ai.rpo.spark.device.Cores;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.device.LostWork;
import ai.rpo.spark.device.MachineFailure;
import ai.rpo.spark.device.WorkerProfile;
import ai.rpo.spark.runtime.ExecutorRuntime;
import ai.rpo.spark.runtime.Role;
import ai.rpo.spark.store.Fence;
import ai.rpo.spark.store.LocalCopies;
import ai.rpo.spark.store.SmallFile;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;

/**
 * Trains a model on a folder of rows: scored pairs where the objective needs two completions, prepared pairs where it
 * is over their rewards, supervised rows where it needs one completion. Ends with a model in Hugging Face layout;
 * leaves metrics and checkpoints on the way, and goes on from the latest checkpoint if there is one.
 */
public final class TrainStage {

    /** A lone worker has nobody to average with; it still reports, and could be lost, this often. */
    private static final int STEPS_PER_ROUND_OF_ONE = 64;

    private final SparkSession spark;
    private final LocalModel start;
    private final LoraSettings lora;
    private final Objective objective;
    private final TrainSettings settings;
    private final Precision precision;
    private final RowUse use;

    /**
     * @param lora whether an adapter on {@code start} is trained instead of its weights
     * @throws RpoException if the objective needs what rows do not have
     */
    public TrainStage(
            SparkSession spark,
            LocalModel start,
            LoraSettings lora,
            Objective objective,
            TrainSettings settings,
            Precision precision) {
        this(spark, start, lora, objective, settings, precision, RowUse.ALL);
    }

    /**
     * @param lora whether an adapter on {@code start} is trained instead of its weights
     * @param use how rows are trained on
     * @throws RpoException if the objective needs what rows do not have
     */
    public TrainStage(
            SparkSession spark,
            LocalModel start,
            LoraSettings lora,
            Objective objective,
            TrainSettings settings,
            Precision precision,
            RowUse use) {
        requireRows(objective, start);
        this.spark = spark;
        this.start = start;
        this.lora = lora;
        this.objective = objective;
        this.settings = settings;
        this.precision = precision;
        this.use = use;
    }

    private static void requireRows(Objective objective, LocalModel start) {
        Objective.Needs needs = objective.needs();
        boolean rewardsLack = needs.rewards() && !start.isOfRewards();
        if (needs.completions() < 1 || needs.completions() > 2 || rewardsLack) {
            throw RpoException.configuration("Cannot train with the objective " + objective.name() + ": it needs "
                    + needs.completions() + " completions of a prompt" + (needs.rewards() ? " and their rewards" : "")
                    + ", and rows are pairs without rewards. Choose another with rpo.objective.name.");
        }
    }

    /**
     * @param rows folder of Parquet shards
     * @param output folder of metrics and checkpoints
     * @param model folder for the trained model
     * @param form in which the model is written
     * @param run what the training depends on, so that only its own checkpoints are taken up
     * @param referenceIsStart whether the rows were scored with the weights that training starts from
     * @param facts what the model card says of the model's origin
     * @param choice among the checkpoints
     * @param optimizer whose moments the training begins with; empty for zeros
     * @param fence asked before anything is published
     */
    public record Request(
            Path rows,
            Path output,
            Path model,
            ExportForm form,
            String run,
            boolean referenceIsStart,
            Map<String, String> facts,
            CheckpointChoice choice,
            Optional<KeptOptimizer> optimizer,
            Fence fence) {

        /** Begins with moments of zeros. */
        public Request(
                Path rows,
                Path output,
                Path model,
                ExportForm form,
                String run,
                boolean referenceIsStart,
                Map<String, String> facts,
                CheckpointChoice choice,
                Fence fence) {
            this(rows, output, model, form, run, referenceIsStart, facts, choice, Optional.empty(), fence);
        }
    }

    /**
     * @param rows trained on in each epoch
     * @param steps optimizer steps of the whole run, fewer where it stopped early
     * @param resumedAt steps that an earlier start had already taken
     */
    public record Result(long rows, long steps, long resumedAt) {}

    /**
     * @throws RpoException if there are no rows, if the first step shows a wrong reference, if numbers stop being
     *     finite or executors are lost for good; a checkpoint of the last good state is kept
     */
    public Result run(Request request, Progress progress) {
        return run(request, TrainingListener.NONE, progress);
    }

    /**
     * Trains, and tells a listener how it goes on.
     *
     * @throws RpoException as {@link #run(Request, Progress)} does
     */
    public Result run(Request request, TrainingListener listener, Progress progress) {
        JavaPairRDD<TrainingExample, Long> rows = usedRows(request.rows()).persist(StorageLevel.MEMORY_AND_DISK());
        try {
            long count = rows.count();
            if (count == 0) {
                throw RpoException.data("Cannot train on " + request.rows()
                        + ": it holds no rows. See what prepare dropped, in data/report.json.");
            }
            return train(request, rows, count, listener, progress);
        } finally {
            rows.unpersist();
        }
    }

    private Result train(
            Request request,
            JavaPairRDD<TrainingExample, Long> rows,
            long count,
            TrainingListener listener,
            Progress progress) {
        Trainable trainable = trainable();
        long totalSteps = settings.totalSteps(count);
        Optional<Checkpoints> kept = request.optimizer()
                .map(other -> checkpoints(other.training(), other.run(), trainable, 0, request.fence()));
        long before = kept.map(Checkpoints::optimizerStepsOfChosen).orElse(0L);
        TrainingRole role = role(trainable, training(trainable, totalSteps).withMomentsAfter(before));
        Optional<NearNetworks> near = near(role);
        try (DriverNetwork network = new DriverNetwork(trainable, role, near, settings.outer())) {
            Configuration hadoop = spark.sparkContext().hadoopConfiguration();
            WorkerProfile profile =
                    WorkerProfile.of(settings.resources(), spark.sparkContext().getConf());
            long stepsPerEpoch = settings.stepsPerEpoch(count);
            NetworkState state = network.state();
            Checkpoints checkpoints = checkpoints(request.output(), request.run(), trainable, before, request.fence());
            checkpoints.prepare(state);
            Optional<CheckpointState> resumed = checkpoints.restoreLatest(state);
            if (resumed.isEmpty()) {
                kept.ifPresent(other -> other.readOptimizerOfChosen(state));
            }
            long firstStep = resumed.map(CheckpointState::step).orElse(0L);
            CheckpointWriter writer = new CheckpointWriter(
                    checkpoints,
                    state,
                    request.choice(),
                    (step, path) -> measured(request, step, path, progress),
                    resumed);
            TrainingJournal journal = new TrainingJournal(
                    new TrainingJournal.Plan(stepsPerEpoch, totalSteps, settings.checkpointEvery()),
                    firstStep,
                    new MetricsLog(
                            new SmallFile(new Path(request.output(), "metrics.jsonl"), hadoop),
                            request.fence(),
                            firstStep),
                    LearningRateSchedule.of(settings, totalSteps),
                    writer,
                    listener,
                    progress);
            JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
            progress.update("train", firstStep, totalSteps);
            LostWork losses = new LostWork("Training");
            spark.sparkContext().addSparkListener(losses);
            try (AveragingMaster master = new AveragingMaster(
                    context, plan(request, trainable, role, stepsPerEpoch), firstStep, state, near, journal)) {
                while (!journal.isOver()) {
                    JavaRDD<List<TrainingExample>> workers = profile.applyTo(
                                    WorkerBatches.of(rows, count, settings, (int) (journal.step() / stepsPerEpoch)))
                            .persist(StorageLevel.MEMORY_AND_DISK());
                    master.train(network.network(), workers);
                    if (journal.isOver()) {
                        // Tasks go where their rows are kept, which is where the networks are.
                        workers.foreachPartition(
                                batches -> ExecutorRuntime.ofThisJvm().letGo(Role.Kind.TRAIN, role.run()));
                    }
                    workers.unpersist();
                }
                journal.flush();
            } catch (RuntimeException e) {
                RpoException why = e instanceof RpoException known ? known : stopped(e);
                throw new RpoException(why.kind(), why.getMessage() + " " + journal.rescue(), e);
            } finally {
                spark.sparkContext().removeSparkListener(losses);
            }
            request.fence().check();
            if (writer.isLastBest()) {
                export(trainable, network.trained(), request, hadoop);
            } else {
                checkpoints.readChosen(folder -> export(trainable, trainable.saved(folder), request, hadoop));
            }
            return new Result(count, journal.step(), firstStep);
        }
    }

    private Map<String, Double> measured(Request request, long step, Path folder, Progress progress) {
        Map<String, Double> numbers = new LinkedHashMap<>();
        if (!request.choice().measures().isEmpty()) {
            LocalModel checkpoint = start.checkpoint(folder.toString());
            request.choice().measures().forEach(each -> numbers.putAll(each.measure(step, checkpoint, progress)));
        }
        return numbers;
    }

    private static RpoException stopped(RuntimeException e) {
        return new RpoException(
                MachineFailure.isCauseOf(e) ? RpoException.Kind.RETRYABLE : RpoException.Kind.OTHER,
                "Cannot go on training: " + e.toString().lines().findFirst().orElse("") + ".",
                e);
    }

    /**
     * Writes the model that a finished training has chosen once more, in another form or to another place.
     *
     * @throws RpoException if its checkpoint is not there any more
     */
    public void export(Request request) {
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        Trainable trainable = trainable();
        boolean found = checkpoints(request, trainable)
                .readChosen(folder -> export(trainable, trainable.saved(folder), request, hadoop));
        if (!found) {
            throw RpoException.data("Cannot export the model of " + request.output()
                    + ": none of its checkpoints is there any more. Train again with rpo.overwrite = true.");
        }
    }

    /** Opens the checkpoints that are there of a finished training, by their steps. */
    public SortedMap<Long, LocalModel> kept(Request request) {
        SortedMap<Long, LocalModel> kept = new TreeMap<>();
        checkpoints(request, trainable())
                .byStep()
                .forEach((step, folder) -> kept.put(step, start.checkpoint(folder.toString())));
        return kept;
    }

    private Checkpoints checkpoints(Request request, Trainable trainable) {
        return checkpoints(request.output(), request.run(), trainable, 0, request.fence());
    }

    private Checkpoints checkpoints(Path output, String run, Trainable trainable, long before, Fence fence) {
        return new Checkpoints(
                new Path(output, "checkpoints"),
                run,
                trainable,
                settings.keepCheckpoints(),
                before,
                fence,
                spark.sparkContext().hadoopConfiguration());
    }

    private JavaPairRDD<TrainingExample, Long> usedRows(Path folder) {
        JavaPairRDD<TrainingExample, Long> rows = indexedRows(folder);
        if (use.bootstrap().isEmpty()) {
            return rows;
        }
        int[] counts =
                RowUse.counts(Math.toIntExact(rows.count()), use.bootstrap().get());
        return rows.flatMap(row -> Collections.nCopies(counts[row._2().intValue()], row._1())
                        .iterator())
                .zipWithIndex();
    }

    private JavaPairRDD<TrainingExample, Long> indexedRows(Path folder) {
        Objective.Needs needs = objective.needs();
        if (needs.completions() == 1) {
            return read(folder, ExampleRows.SCHEMA).map(ExampleRows::example).zipWithIndex();
        }
        JavaRDD<Row> pairs = read(folder, PairRows.WITH_MARGIN);
        return needs.rewards()
                ? pairs.map(row -> PairRows.pair(row).withMargin(PairRows.margin(row)))
                        .zipWithIndex()
                : pairs.map(PairRows::scored).map(regularizing(use.base())).zipWithIndex();
    }

    private static Function<TrainingExample, TrainingExample> regularizing(BaseRows base) {
        return pair -> base.contains(pair.ordinal()) ? pair : pair.withoutRegularizer();
    }

    private JavaRDD<Row> read(Path folder, StructType schema) {
        return ParquetShards.readInOrder(spark, folder, schema).javaRDD();
    }

    private Trainable trainable() {
        ModelDirectory model = start.open();
        return Trainable.of(
                model, lora.on(model), settings.seed(), start.withoutAdapter().location());
    }

    private TrainPlan training(Trainable trainable, long totalSteps) {
        int threads = Cores.of(spark).forTasksOf(settings.resources().cpus()).threads(settings.workers());
        return TrainPlan.of(trainable, objective, settings, precision, totalSteps, threads);
    }

    private TrainingRole role(Trainable trainable, TrainPlan training) {
        LocalModel frozen = trainable.lora().isPresent() ? start.withoutAdapter() : null;
        return new TrainingRole(UUID.randomUUID().toString(), training, frozen);
    }

    /**
     * Makes networks where each worker has a slot of this JVM; an outer optimizer needs the state that a round began
     * with, too.
     */
    private Optional<NearNetworks> near(TrainingRole role) {
        boolean isNear = spark.sparkContext().isLocal()
                && settings.workers()
                        <= Cores.of(spark)
                                .forTasksOf(settings.resources().cpus())
                                .slots()
                && !settings.outer().hasMomentum();
        return isNear ? Optional.of(new NearNetworks(role, settings.workers())) : Optional.empty();
    }

    private AveragingMaster.Plan plan(Request request, Trainable trainable, TrainingRole role, long stepsPerEpoch) {
        double marginLimit = !request.referenceIsStart() || dropsFromTheStart(trainable)
                ? Double.POSITIVE_INFINITY
                : switch (precision) {
                    case FLOAT32 -> 1e-3;
                    case BFLOAT16 -> 0.1;
                };
        return new AveragingMaster.Plan(
                role,
                stepsPerEpoch,
                stepsPerRound(),
                Duration.ofSeconds(settings.workerTimeout()),
                settings.outer(),
                new FirstMargin(marginLimit));
    }

    /** Tells the length of a round: with one worker and plain averages, rounds have no effect on the weights. */
    private int stepsPerRound() {
        if (settings.workers() > 1 || settings.outer().hasMomentum()) {
            return settings.averagingFrequency();
        }
        int steps = Math.max(STEPS_PER_ROUND_OF_ONE, settings.averagingFrequency());
        return settings.checkpointEvery() > 0 ? Math.min(steps, settings.checkpointEvery()) : steps;
    }

    /** Dropout shows in the first margins only where the adapter already does something. */
    private static boolean dropsFromTheStart(Trainable trainable) {
        return trainable.start().adapter().isPresent()
                && trainable.lora().filter(adapter -> adapter.dropout() > 0).isPresent();
    }

    /** Streams the weights into the files: none is held whole. */
    private static void export(Trainable trainable, Weights trained, Request request, Configuration hadoop) {
        java.nio.file.Path local = LocalCopies.temporaryFolder();
        try {
            java.nio.file.Path folder = local.resolve("model");
            trainable.export(folder, trained, request.form(), request.facts());
            LocalCopies.upload(folder, request.model(), hadoop);
        } finally {
            LocalCopies.delete(local);
        }
    }
}
