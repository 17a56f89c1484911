package ai.rpo.spark.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.Dtype;
import ai.rpo.core.model.ExportForm;
import ai.rpo.core.model.LoraSettings;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.objective.BatchSize;
import ai.rpo.core.objective.ExampleLogps;
import ai.rpo.core.objective.Metric;
import ai.rpo.core.objective.Metrics;
import ai.rpo.core.objective.Objective;
import ai.rpo.core.objective.Objectives;
import ai.rpo.core.objective.Outcome;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.train.BatchOrder;
import ai.rpo.core.train.OuterSettings;
import ai.rpo.core.train.SelectionSettings;
import ai.rpo.core.train.TrainPlan;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.core.train.WorkerResources;
import ai.rpo.spark.LocalSpark;
import ai.rpo.spark.dataset.PairRows;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.reference.ScoreSettings;
import ai.rpo.spark.store.FakeStores;
import ai.rpo.spark.store.Fence;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LocalSpark.class)
class TrainStageTest {

    private static final RpoObjective LOSS = RpoObjective.paper(0.1, 0.5);
    private static SparkSession spark;

    private TrainingListener listener = TrainingListener.NONE;

    @TempDir
    Path work;

    @BeforeAll
    static void start(SparkSession session) {
        spark = session;
    }

    @Test
    void oneWorkerIsTheLocalTrainerBitForBit() throws IOException {
        TrainSettings settings = settings(TrainSettings.Optimizer.ADAMW, 1, 4, 2, true);
        List<TrainingExample> pairs = RandomModel.scored(11);

        train(settings, pairs, "spark", Progress.NONE);

        assertArrayEquals(trainLocally(settings, pairs), weights("spark"));
    }

    @Test
    void aListenerIsToldOfEachStepAndCheckpointAndCanDoNoHarm() throws IOException {
        TrainSettings settings = settings(TrainSettings.Optimizer.SGD, 1, 4, 2, true);
        List<Object> steps = new ArrayList<>();
        List<Long> checkpoints = new ArrayList<>();
        listener = new TrainingListener() {
            @Override
            public void steps(List<Map<String, Object>> lines) {
                lines.forEach(line -> steps.add(line.get("step")));
                throw new IllegalStateException("a tracker is down");
            }

            @Override
            public void checkpoint(long step) {
                checkpoints.add(step);
                throw new IllegalStateException("a disk is full");
            }
        };
        train(settings, RandomModel.scored(11), "told", Progress.NONE);

        assertEquals(List.of(1L, 2L, 3L, 4L, 5L, 6L), steps);
        assertEquals(List.of(3L, 6L), checkpoints);
    }

    /** With a rate that stays, two epochs are one epoch and, with the moments that it leaves, one more. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void momentsMayGoOnInAnotherTraining(int workers) throws IOException {
        TrainSettings once = settings(TrainSettings.Optimizer.ADAMW, workers, 4, 1, false).toBuilder()
                .schedule(TrainSettings.Schedule.CONSTANT)
                .warmupRatio(0)
                .build();
        List<TrainingExample> pairs = RandomModel.scored(11);
        train(once.toBuilder().epochs(2).build(), pairs, "whole", Progress.NONE);
        train(once, pairs, "first", Progress.NONE);
        for (String second : List.of("kept", "fresh")) {
            Optional<KeptOptimizer> optimizer =
                    Optional.of(new KeptOptimizer(output("first"), "first")).filter(kept -> second.equals("kept"));
            LocalModel start = LocalModel.of(
                    work.resolve("first-model").toString(), spark.sparkContext().hadoopConfiguration());
            new TrainStage(spark, start, LoraSettings.OFF, LOSS, once, Precision.FLOAT32)
                    .run(
                            new TrainStage.Request(
                                    hadoop(work.resolve("rows-11")),
                                    output(second),
                                    output(second + "-model"),
                                    ExportForm.full(Dtype.F32),
                                    second,
                                    false,
                                    Map.of(),
                                    CheckpointChoice.LAST,
                                    optimizer,
                                    Fence.NONE),
                            Progress.NONE);
        }
        assertArrayEquals(weights("whole"), weights("kept"));
        assertFalse(Arrays.equals(weights("whole"), weights("fresh")));
        assertTrue(Files.readString(work.resolve("kept/checkpoints/step-"
                        + String.format(Locale.ROOT, "%08d", workers == 1 ? 3 : 2) + "/training_state.json"))
                .contains("\"optimizer_steps\" : " + (workers == 1 ? 6 : 4)));
    }

    static List<Objective> objectives() {
        return Objectives.all();
    }

    /** The objective arrives at the workers as the value that it is. */
    @ParameterizedTest
    @MethodSource("objectives")
    void everyObjectiveTrainsThroughTheJob(Objective objective) throws IOException {
        TrainSettings settings = settings(TrainSettings.Optimizer.SGD, 1, 4, 1, true);
        List<TrainingExample> pairs = RandomModel.scored(7);
        train(settings, pairs, objective.name(), Progress.NONE, 0.2, false, CheckpointChoice.LAST, objective);

        assertArrayEquals(trainLocally(settings, pairs, objective), weights(objective.name()));
        assertFalse(losses(objective.name()).isEmpty());
    }

    @Test
    void anObjectiveThatNeedsMoreThanRowsHaveIsRefusedBeforeWork() {
        RpoException refused = assertThrows(
                RpoException.class,
                () -> new TrainStage(
                        spark,
                        model(0.2),
                        LoraSettings.OFF,
                        new Rewarded(),
                        settings(TrainSettings.Optimizer.SGD, 1, 4, 1, true),
                        Precision.FLOAT32));
        assertEquals(RpoException.Kind.CONFIGURATION, refused.kind());
        assertEquals(
                "Cannot train with the objective rewarded: it needs 4 completions of a prompt and their rewards, and rows"
                        + " are pairs without rewards. Choose another with rpo.objective.name.",
                refused.getMessage());
    }

    private record Rewarded() implements Objective {

        @Override
        public String name() {
            return "rewarded";
        }

        @Override
        public String describe() {
            return "rewarded";
        }

        @Override
        public Needs needs() {
            return new Needs(4, true, true, true);
        }

        @Override
        public List<Metric> metrics() {
            return List.of(Metrics.LOSS);
        }

        @Override
        public Outcome evaluate(ExampleLogps example, BatchSize batch) {
            throw new UnsupportedOperationException();
        }
    }

    @Test
    void twoWorkersWithSgdAreOneOnTheJoinedBatch() throws IOException {
        List<TrainingExample> pairs = RandomModel.scored(11);
        train(settings(TrainSettings.Optimizer.SGD, 2, 2, 2, false), pairs, "two", Progress.NONE);
        train(settings(TrainSettings.Optimizer.SGD, 1, 4, 2, false), pairs, "one", Progress.NONE);
        assertArrayEquals(weights("one"), weights("two"), 1e-6f);
    }

    @Test
    void goesOnWhereAnInterruptedRunStopped() throws IOException {
        TrainSettings settings = settings(TrainSettings.Optimizer.ADAMW, 1, 4, 3, true);
        List<TrainingExample> pairs = RandomModel.scored(11);
        train(settings, pairs, "whole", Progress.NONE);

        Progress power = (what, done, total) -> {
            if (done > settings.stepsPerEpoch(pairs.size())) {
                throw new InternalError("power cut");
            }
        };
        assertThrows(InternalError.class, () -> train(settings, pairs, "cut", power));
        TrainStage.Result result = train(settings, pairs, "cut", Progress.NONE);

        assertEquals(6, result.resumedAt());
        assertArrayEquals(weights("whole"), weights("cut"));
        assertEquals(losses("whole"), losses("cut"));
    }

    @Test
    void whatNobodyForesawLeavesACheckpointToo() throws IOException {
        TrainSettings settings = settings(TrainSettings.Optimizer.ADAMW, 2, 2, 2, true);
        List<TrainingExample> pairs = RandomModel.scored(11);
        train(settings, pairs, "smooth", Progress.NONE);

        Progress bug = (what, done, total) -> {
            if (done == 2) {
                throw new IllegalStateException("a bug");
            }
        };
        RpoException stopped = assertThrows(RpoException.class, () -> train(settings, pairs, "rough", bug));
        assertEquals(RpoException.Kind.OTHER, stopped.kind());
        assertTrue(stopped.getMessage().contains("a bug. The checkpoint of step 2 is kept"), stopped.getMessage());

        assertEquals(2, train(settings, pairs, "rough", Progress.NONE).resumedAt());
        assertArrayEquals(weights("smooth"), weights("rough"), 1e-6f);
    }

    /** The disk fills up with the second checkpoint; the metrics cannot be written either. */
    @Test
    void goesOnFromTheCheckpointBeforeTheDiskWasFull() throws IOException {
        FakeStores.addTo(spark.sparkContext().hadoopConfiguration());
        TrainSettings settings = settings(TrainSettings.Optimizer.ADAMW, 2, 2, 2, true);
        List<TrainingExample> pairs = RandomModel.scored(11);
        train(settings, pairs, "roomy", Progress.NONE);

        String full = "s3a://" + work.resolve("full");
        Progress others = (what, done, total) -> FakeStores.capacity(done > 3 ? 5_000 : Long.MAX_VALUE);
        try {
            RpoException stopped = assertThrows(
                    RpoException.class, () -> train(settings, pairs, full, others, 0.2, false, CheckpointChoice.LAST));
            assertEquals(RpoException.Kind.CONFIGURATION, stopped.kind());
            assertTrue(stopped.getMessage().contains("there is no room left"), stopped.getMessage());
            assertTrue(stopped.getMessage().contains("The checkpoint of step 3 is kept"), stopped.getMessage());
        } finally {
            FakeStores.capacity(Long.MAX_VALUE);
        }
        TrainStage.Result result = train(settings, pairs, full, Progress.NONE, 0.2, false, CheckpointChoice.LAST);

        assertEquals(3, result.resumedAt());
        assertArrayEquals(weights("roomy"), weights("full"), 1e-6f);
        assertEquals(6, losses("full").size());
    }

    /** One partition of the rows is empty, one worker gets no batch, and one step has fewer pairs than workers. */
    @Test
    void everyPairIsUsedOnceWhereThereIsLessWorkThanWorkers() throws IOException {
        List<TrainingExample> pairs = RandomModel.scored(5);
        Path rows = work.resolve("rows-" + pairs.size());
        spark.createDataFrame(pairs.stream().map(PairRows::of).toList(), PairRows.SCHEMA)
                .coalesce(1)
                .write()
                .parquet(rows.toString());
        spark.createDataFrame(List.<Row>of(), PairRows.SCHEMA)
                .coalesce(1)
                .write()
                .mode(SaveMode.Append)
                .parquet(rows.toString());
        train(settings(TrainSettings.Optimizer.SGD, 7, 1, 2, false), pairs, "many", Progress.NONE);
        train(settings(TrainSettings.Optimizer.SGD, 3, 1, 2, false), pairs, "three", Progress.NONE);
        train(settings(TrainSettings.Optimizer.SGD, 1, 7, 2, false), pairs, "alone", Progress.NONE);

        assertArrayEquals(weights("alone"), weights("many"), 1e-6f);
        assertEquals(List.of(5L, 5L), examples("many"));
        assertEquals(List.of(3L, 2L, 3L, 2L), examples("three"));
    }

    /** Of each step. */
    private List<Long> examples(String name) throws IOException {
        List<Long> counts = new ArrayList<>();
        for (String line : Files.readAllLines(work.resolve(name).resolve("metrics.jsonl"))) {
            counts.add(new ObjectMapper().readTree(line).path("examples").asLong());
        }
        return counts;
    }

    @Test
    void refusesAReferenceThatIsNotTheStart() throws IOException {
        RpoException refused = assertThrows(
                RpoException.class,
                () -> train(
                        settings(TrainSettings.Optimizer.ADAMW, 1, 4, 1, false),
                        RandomModel.scored(8),
                        "wrong",
                        Progress.NONE,
                        0.2,
                        true,
                        CheckpointChoice.LAST));
        assertTrue(refused.getMessage().contains("mean |margin| of the first step"), refused.getMessage());
    }

    @Test
    void stopsAtNumbersThatAreNotFiniteAndSaysWhere() throws IOException {
        RpoException stopped = assertThrows(
                RpoException.class,
                () -> train(
                        settings(TrainSettings.Optimizer.ADAMW, 1, 2, 1, false),
                        RandomModel.scored(4),
                        "huge",
                        Progress.NONE,
                        1e20,
                        false,
                        CheckpointChoice.LAST));
        assertTrue(stopped.getMessage().contains("rows in the batch, by ordinal: 5, 8"), stopped.getMessage());
    }

    @Test
    void theBestCheckpointOnHeldOutPairsBecomesTheModelAndTrainingStopsEarly() throws IOException {
        List<TrainingExample> pairs = RandomModel.scored(11);
        TrainSettings settings = settings(TrainSettings.Optimizer.ADAMW, 1, 4, 8, true);
        SelectionSettings selection = new SelectionSettings(Optional.of("loss/preference"), 2);
        CheckpointChoice heldOut = HeldOut.choice(
                spark,
                hadoop(heldOutRows()),
                RpoObjective.paper(0.1, 0.5),
                new ScoreSettings(Precision.FLOAT32, 4096),
                selection);

        TrainStage.Result result = train(settings, pairs, "chosen", Progress.NONE, 0.2, false, heldOut);

        List<Double> losses = new ArrayList<>();
        for (String line : Files.readAllLines(work.resolve("chosen/metrics.jsonl"))) {
            JsonNode value = new ObjectMapper().readTree(line).get("held_out/loss/preference");
            if (value != null) {
                losses.add(value.asDouble());
            }
        }
        int best = losses.indexOf(losses.stream().min(Double::compare).orElseThrow());
        assertTrue(best + 2 < 8, "these pairs must get worse before the end: " + losses);
        assertEquals(best + 3, losses.size(), losses.toString());
        assertEquals(3L * losses.size(), result.steps());
        Path kept = work.resolve(String.format("chosen/checkpoints/step-%08d", 3 * (best + 1)));
        assertArrayEquals(weightsIn(kept), weights("chosen"));
    }

    /** Pairs that training on the others makes worse: the same ones with their sides exchanged. */
    private Path heldOutRows() {
        Path rows = work.resolve("held-out");
        List<TrainingExample> exchanged = RandomModel.scored(11).stream()
                .map(scored -> TrainingExample.pair(
                                scored.ordinal(), scored.prompt(), scored.rejected(), scored.chosen())
                        .withReference(-8, -9))
                .toList();
        spark.createDataFrame(exchanged.stream().map(PairRows::of).toList(), PairRows.SCHEMA)
                .write()
                .parquet(rows.toString());
        return rows;
    }

    private TrainStage.Result train(TrainSettings settings, List<TrainingExample> pairs, String name, Progress progress)
            throws IOException {
        return train(settings, pairs, name, progress, 0.2, false, CheckpointChoice.LAST);
    }

    private TrainStage.Result train(
            TrainSettings settings,
            List<TrainingExample> pairs,
            String name,
            Progress progress,
            double scale,
            boolean referenceIsStart,
            CheckpointChoice choice)
            throws IOException {
        return train(settings, pairs, name, progress, scale, referenceIsStart, choice, LOSS);
    }

    private TrainStage.Result train(
            TrainSettings settings,
            List<TrainingExample> pairs,
            String name,
            Progress progress,
            double scale,
            boolean referenceIsStart,
            CheckpointChoice choice,
            Objective objective)
            throws IOException {
        Path rows = work.resolve("rows-" + pairs.size());
        if (!Files.exists(rows)) {
            spark.createDataFrame(pairs.stream().map(PairRows::of).toList(), PairRows.SCHEMA)
                    .repartition(3)
                    .write()
                    .parquet(rows.toString());
        }
        TrainStage stage =
                new TrainStage(spark, model(scale), LoraSettings.OFF, objective, settings, Precision.FLOAT32);
        return stage.run(
                new TrainStage.Request(
                        hadoop(rows),
                        output(name),
                        output(name + "-model"),
                        ExportForm.full(Dtype.F32),
                        name,
                        referenceIsStart,
                        Map.of(),
                        choice,
                        Fence.NONE),
                listener,
                progress);
    }

    private float[] trainLocally(TrainSettings settings, List<TrainingExample> pairs) throws IOException {
        return trainLocally(settings, pairs, LOSS);
    }

    private float[] trainLocally(TrainSettings settings, List<TrainingExample> pairs, Objective objective)
            throws IOException {
        ModelDirectory source = model(0.2).open();
        PolicyNetwork network = PolicyNetwork.create(TrainPlan.of(
                source.configJson(), objective, settings, Precision.FLOAT32, settings.totalSteps(pairs.size()), 2));
        new Parameters(ParameterLayout.of(source.config()), network.state().parameters()).load(source.weights());
        for (int epoch = 0; epoch < settings.epochs(); epoch++) {
            BatchOrder order = new BatchOrder(pairs.size(), settings, epoch);
            Map<Long, Map<Integer, TrainingExample>> steps = new TreeMap<>();
            for (int i = 0; i < pairs.size(); i++) {
                BatchOrder.Place place = order.place(i);
                steps.computeIfAbsent(place.step(), s -> new TreeMap<>()).put(place.slot(), pairs.get(i));
            }
            steps.values().forEach(batch -> network.step(new ArrayList<>(batch.values())));
        }
        Storage parameters = network.state().parameters();
        float[] weights = new float[Math.toIntExact(parameters.size())];
        parameters.read(0, weights, 0, weights.length);
        return weights;
    }

    private LocalModel model(double scale) throws IOException {
        Path folder = RandomModel.write(work.resolve("start-" + scale), scale);
        return LocalModel.of(folder.toString(), spark.sparkContext().hadoopConfiguration());
    }

    private float[] weights(String name) {
        return weightsIn(work.resolve(name + "-model"));
    }

    private static float[] weightsIn(Path folder) {
        ModelDirectory model = ModelDirectory.open(folder);
        ParameterLayout layout = ParameterLayout.of(model.config());
        float[] weights = new float[Math.toIntExact(layout.size())];
        for (ParameterLayout.Entry entry : layout.entries()) {
            model.weights().read(entry, 0, FloatBuffer.wrap(weights, (int) entry.offset(), (int) entry.size()));
        }
        return weights;
    }

    private List<String> losses(String name) throws IOException {
        return Files.readAllLines(work.resolve(name).resolve("metrics.jsonl")).stream()
                .map(line -> line.replaceAll(",\"tokens_per_second\".*", ""))
                .toList();
    }

    private static TrainSettings settings(
            TrainSettings.Optimizer optimizer, int workers, int pairsPerBatch, int epochs, boolean shuffle) {
        return new TrainSettings(
                epochs,
                pairsPerBatch,
                20,
                false,
                0.05,
                0.1,
                TrainSettings.Schedule.COSINE,
                optimizer,
                TrainSettings.OptimizerDevice.AUTO,
                0.01,
                0,
                0,
                shuffle,
                7,
                workers,
                1,
                0,
                0,
                1,
                OuterSettings.average(),
                WorkerResources.OF_ANY_TASK);
    }

    /** @param name of a folder on this disk, or the URI of one elsewhere */
    private org.apache.hadoop.fs.Path output(String name) {
        return name.contains("://") ? new org.apache.hadoop.fs.Path(name) : hadoop(work.resolve(name));
    }

    private static org.apache.hadoop.fs.Path hadoop(Path path) {
        return new org.apache.hadoop.fs.Path(path.toUri());
    }
}
