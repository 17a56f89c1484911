package ai.rpo.spark.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.core.loss.StepMetrics;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.train.OuterSettings;
import ai.rpo.core.train.TrainPlan;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.core.train.WorkerResources;
import ai.rpo.spark.LocalSpark;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LocalSpark.class)
class AveragingMasterTest {

    private static final RpoObjective LOSS = RpoObjective.paper(0.1, 0.5);
    private static final AtomicInteger TROUBLE = new AtomicInteger();
    private static JavaSparkContext spark;

    @TempDir
    Path work;

    private ModelDirectory source;
    private TrainPlan training;
    private final List<AveragingMaster> masters = new ArrayList<>();
    private final List<Long> steps = new ArrayList<>();
    private final List<RoundTimes> times = new ArrayList<>();

    @BeforeAll
    static void start(SparkSession session) {
        spark = JavaSparkContext.fromSparkContext(session.sparkContext());
    }

    @BeforeEach
    void model() throws IOException {
        source = ModelDirectory.open(RandomModel.write(work.resolve("model"), 0.2));
        TROUBLE.set(0);
    }

    /** Workers that start a round from one state, take their steps alone, and are averaged by hand. */
    @ParameterizedTest
    @EnumSource(TrainSettings.Optimizer.class)
    void equalsALoopOverTheWorkers(TrainSettings.Optimizer optimizer) {
        PolicyNetwork ours = network(optimizer);
        fit(ours, master(ours, 4, 2, Duration.ZERO), batches(2, 4, Trouble.NONE));

        List<TrainingExample> pairs = RandomModel.scored(16);
        float[] common = parameters(network(optimizer));
        float[] memory = moments(network(optimizer));
        for (int round = 0; round < 2; round++) {
            double[] parameters = new double[common.length];
            double[] moments = new double[memory.length];
            for (int worker = 0; worker < 2; worker++) {
                PolicyNetwork alone = network(optimizer);
                alone.state().parameters().write(0, common, 0, common.length);
                if (memory.length > 0) {
                    alone.state().moments().orElseThrow().write(0, memory, 0, memory.length);
                }
                alone.state().setStep(2L * round);
                for (int step = 2 * round; step < 2 * round + 2; step++) {
                    int first = 2 * (2 * step + worker);
                    alone.step(pairs.subList(first, first + 2).stream().toList());
                }
                addHalf(parameters, parameters(alone));
                addHalf(moments, moments(alone));
            }
            common = rounded(parameters);
            memory = rounded(moments);
        }
        assertArrayEquals(common, parameters(ours), 1e-6f);
        assertArrayEquals(memory, moments(ours), 1e-6f);
        assertTrue(distance(parameters(network()), parameters(ours)) > 1e-3, "nothing was learned");
    }

    private static void addHalf(double[] sums, float[] values) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += values[i] / 2.0;
        }
    }

    private static float[] rounded(double[] values) {
        float[] result = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            result[i] = (float) values[i];
        }
        return result;
    }

    @Test
    void timesOfARoundAddUp() {
        PolicyNetwork network = network();
        fit(network, master(network, 4, 2, Duration.ZERO), batches(2, 4, Trouble.NONE));

        assertEquals(List.of(0L, 2L), steps);
        long state = 3L * Float.BYTES * network.state().parameters().size();
        for (RoundTimes round : times) {
            // Two workers fetch the state, averaging fetches two, the driver one.
            assertEquals(5 * state, round.bytesMoved());
            assertTrue(round.compute() > 0 && round.transfer() > 0 && round.averaging() > 0, round.toString());
            assertTrue(round.compute() + round.waiting() <= round.total(), round.toString());
            assertTrue(round.overheadShare() > 0 && round.overheadShare() < 1, round.toString());
        }
    }

    @Test
    void anOuterRateOfOneWithoutMomentumIsTheAverage() {
        PolicyNetwork average = network();
        fit(average, master(average, 4, 2, Duration.ZERO), batches(2, 4, Trouble.NONE));
        PolicyNetwork outer = network();
        Storage velocity = outer.zerosLikeParameters();
        fit(
                outer,
                master(
                        new NetworkState(outer.state(), Optional.of(velocity)),
                        4,
                        2,
                        Duration.ZERO,
                        new OuterSettings(OuterSettings.Optimizer.NESTEROV, 1, 0)),
                batches(2, 4, Trouble.NONE));

        assertArrayEquals(parameters(average), parameters(outer), 1e-6f);
        assertArrayEquals(moments(average), moments(outer), 1e-6f);
        assertTrue(distance(values(velocity), new float[values(velocity).length]) > 0, "the velocity stood still");
    }

    @Test
    void aWorkerWithoutBatchesChangesNothing() {
        PolicyNetwork one = network();
        fit(one, master(one, 4, 2, Duration.ZERO), batches(1, 4, Trouble.NONE));
        PolicyNetwork three = network();
        fit(
                three,
                master(three, 4, 2, Duration.ZERO),
                batches(1, 4, Trouble.NONE)
                        .union(spark.<List<TrainingExample>>emptyRDD().repartition(2)));
        assertArrayEquals(parameters(one), parameters(three));
    }

    @Test
    void aRoundWithNumbersThatAreNotFiniteIsDoneAgain() {
        PolicyNetwork expected = network();
        fit(expected, master(expected, 4, 2, Duration.ZERO), batches(2, 4, Trouble.NONE));
        PolicyNetwork network = network();
        fit(network, master(network, 4, 2, Duration.ZERO), batches(2, 4, Trouble.NOT_FINITE_ONCE));

        assertEquals(2, TROUBLE.get(), "rounds that met trouble, or would have");
        assertArrayEquals(parameters(expected), parameters(network), 1e-6f);
    }

    @Test
    void theSecondTimeItStopsAtTheLastGoodStateAndNamesTheWorker() {
        PolicyNetwork expected = network();
        fit(expected, master(expected, 2, 2, Duration.ZERO), batches(2, 2, Trouble.NONE));
        PolicyNetwork network = network();
        RpoException stopped = assertThrows(
                RpoException.class,
                () -> fit(network, master(network, 4, 2, Duration.ZERO), batches(2, 4, Trouble.NOT_FINITE_ALWAYS)));

        assertEquals(RpoException.Kind.DATA, stopped.kind());
        assertTrue(stopped.getMessage().contains("worker 1 on "), stopped.getMessage());
        assertTrue(stopped.getMessage().contains("step 4: "), stopped.getMessage());
        assertEquals(List.of(0L, 0L), steps, "first steps of finished rounds, of both runs");
        assertArrayEquals(parameters(expected), parameters(network), 1e-6f);
    }

    @Test
    void aWorkerThatHangsIsFoundAndTheRoundDoneAgain() {
        PolicyNetwork expected = network();
        fit(expected, master(expected, 4, 2, Duration.ZERO), batches(2, 4, Trouble.NONE));
        PolicyNetwork network = network();
        fit(network, master(network, 4, 2, Duration.ofSeconds(3)), batches(2, 4, Trouble.HANGS_ONCE));
        assertArrayEquals(parameters(expected), parameters(network), 1e-6f);
    }

    @Test
    void aWorkerThatHangsAgainEndsTrainingForNow() {
        PolicyNetwork network = network();
        RpoException stopped = assertThrows(
                RpoException.class,
                () -> fit(network, master(network, 4, 2, Duration.ofSeconds(2)), batches(2, 4, Trouble.HANGS_ALWAYS)));
        assertEquals(RpoException.Kind.RETRYABLE, stopped.kind());
        assertTrue(stopped.getMessage().contains("no sign for 2 s from worker 1 on "), stopped.getMessage());
    }

    /** Nothing is sent or copied, and all numbers are the same. */
    @ParameterizedTest
    @EnumSource(TrainSettings.Optimizer.class)
    void workersInTheDriversJvmReachTheSameState(TrainSettings.Optimizer optimizer) {
        PolicyNetwork far = network(optimizer);
        fit(far, master(far, 4, 2, Duration.ZERO), batches(2, 4, Trouble.NONE));
        NearTraining near = new NearTraining(optimizer, 2);
        near.fit(batches(2, 4, Trouble.NONE), Duration.ZERO);

        assertArrayEquals(parameters(far), parameters(near.network));
        assertArrayEquals(moments(far), moments(near.network));
        assertEquals(0, times.get(times.size() - 1).bytesMoved());
        near.close();
    }

    @Test
    void aNearWorkerWithoutBatchesChangesNothing() {
        NearTraining one = new NearTraining(TrainSettings.Optimizer.ADAMW, 1);
        one.fit(batches(1, 4, Trouble.NONE), Duration.ZERO);
        NearTraining two = new NearTraining(TrainSettings.Optimizer.ADAMW, 2);
        two.fit(
                batches(1, 4, Trouble.NONE)
                        .union(spark.<List<TrainingExample>>emptyRDD().repartition(1)),
                Duration.ZERO);
        assertArrayEquals(parameters(one.network), parameters(two.network));
        one.close();
        two.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void aNearStepWithNumbersThatAreNotFiniteIsDoneAgain(int workers) {
        NearTraining expected = new NearTraining(TrainSettings.Optimizer.ADAMW, workers);
        expected.fit(batches(workers, 4, Trouble.NONE), Duration.ZERO);
        NearTraining near = new NearTraining(TrainSettings.Optimizer.ADAMW, workers);
        near.fit(batches(workers, 4, Trouble.NOT_FINITE_ONCE), Duration.ZERO);

        assertEquals(2, TROUBLE.get(), "steps that met trouble, or would have");
        assertArrayEquals(parameters(expected.network), parameters(near.network));
        expected.close();
        near.close();
    }

    @Test
    void aLoneNearWorkerStopsAtItsLastGoodStep() {
        NearTraining expected = new NearTraining(TrainSettings.Optimizer.ADAMW, 1);
        expected.fit(batches(1, 3, Trouble.NONE), Duration.ZERO, 3);
        steps.clear();
        NearTraining near = new NearTraining(TrainSettings.Optimizer.ADAMW, 1);
        RpoException stopped = assertThrows(
                RpoException.class, () -> near.fit(batches(1, 4, Trouble.NOT_FINITE_ALWAYS), Duration.ZERO));

        assertTrue(stopped.getMessage().contains("step 4: "), stopped.getMessage());
        assertTrue(near.state.isWhole());
        assertEquals(List.of(0L, 2L), steps, "the second round ends after one step");
        assertArrayEquals(parameters(expected.network), parameters(near.network));
        expected.close();
        near.close();
    }

    @Test
    void severalNearWorkersOfWhichOneCannotGoOnLeaveNoState() {
        NearTraining near = new NearTraining(TrainSettings.Optimizer.ADAMW, 2);
        RpoException stopped = assertThrows(
                RpoException.class, () -> near.fit(batches(2, 4, Trouble.NOT_FINITE_ALWAYS), Duration.ZERO));
        assertEquals(RpoException.Kind.DATA, stopped.kind());
        assertTrue(stopped.getMessage().contains("worker 1 on "), stopped.getMessage());
        assertFalse(near.state.isWhole());
        near.close();
    }

    @Test
    void aNearWorkerThatHangsEndsTrainingForNow() {
        NearTraining near = new NearTraining(TrainSettings.Optimizer.ADAMW, 1);
        RpoException stopped = assertThrows(
                RpoException.class, () -> near.fit(batches(1, 4, Trouble.HANGS_ONCE), Duration.ofSeconds(2)));
        assertEquals(RpoException.Kind.RETRYABLE, stopped.kind());
        assertTrue(stopped.getMessage().contains("no sign for 2 s from worker 0 on "), stopped.getMessage());
        assertFalse(near.state.isWhole());
        near.close();
    }

    /** A training whose workers share this JVM, in rounds of two steps. */
    private final class NearTraining {

        private final PolicyNetwork network;
        private final NetworkState state;
        private final NearNetworks networks;
        private final TrainingRole role;

        NearTraining(TrainSettings.Optimizer optimizer, int workers) {
            PolicyNetwork start = network(optimizer);
            role = new TrainingRole(UUID.randomUUID().toString(), training, null);
            networks = new NearNetworks(role, workers);
            network = networks.first();
            float[] parameters = parameters(start);
            network.state().parameters().write(0, parameters, 0, parameters.length);
            state = new NetworkState(network.state(), Optional.empty());
        }

        void fit(JavaRDD<List<TrainingExample>> batches, Duration patience) {
            fit(batches, patience, 4);
        }

        void fit(JavaRDD<List<TrainingExample>> batches, Duration patience, int stepsPerEpoch) {
            AveragingMaster master =
                    master(role, state, Optional.of(networks), stepsPerEpoch, 2, patience, OuterSettings.average());
            master.train(network, batches);
        }

        void close() {
            networks.close();
        }
    }

    /** What becomes of the last step of the last worker. */
    private enum Trouble {
        NONE,
        NOT_FINITE_ONCE,
        NOT_FINITE_ALWAYS,
        HANGS_ONCE,
        HANGS_ALWAYS
    }

    private AveragingMaster master(PolicyNetwork network, long stepsPerEpoch, int stepsPerRound, Duration patience) {
        return master(
                new NetworkState(network.state(), Optional.empty()),
                stepsPerEpoch,
                stepsPerRound,
                patience,
                OuterSettings.average());
    }

    private AveragingMaster master(
            NetworkState state, long stepsPerEpoch, int stepsPerRound, Duration patience, OuterSettings outer) {
        TrainingRole role = new TrainingRole(UUID.randomUUID().toString(), training, null);
        return master(role, state, Optional.empty(), stepsPerEpoch, stepsPerRound, patience, outer);
    }

    private AveragingMaster master(
            TrainingRole role,
            NetworkState state,
            Optional<NearNetworks> near,
            long stepsPerEpoch,
            int stepsPerRound,
            Duration patience,
            OuterSettings outer) {
        AveragingMaster master = new AveragingMaster(
                spark,
                new AveragingMaster.Plan(
                        role, stepsPerEpoch, stepsPerRound, patience, outer, new FirstMargin(Double.POSITIVE_INFINITY)),
                0,
                state,
                near,
                new AveragingMaster.RoundListener() {
                    @Override
                    public void during(long step) {}

                    @Override
                    public boolean afterRound(
                            long firstStep, List<StepMetrics> metrics, List<Double> seconds, RoundTimes round) {
                        steps.add(firstStep);
                        times.add(round);
                        return true;
                    }
                });
        masters.add(master);
        return master;
    }

    @AfterEach
    void close() {
        masters.forEach(AveragingMaster::close);
    }

    /** Batches of two pairs, a partition for each worker. */
    private static JavaRDD<List<TrainingExample>> batches(int workers, int steps, Trouble trouble) {
        return batches(workers, steps, 0, trouble);
    }

    private static JavaRDD<List<TrainingExample>> batches(int workers, int steps, int firstPair, Trouble trouble) {
        List<TrainingExample> pairs = RandomModel.scored(firstPair + 2 * workers * steps);
        return spark.parallelize(List.of(0), workers)
                .mapPartitionsWithIndex(
                        (worker, nothing) -> {
                            List<List<TrainingExample>> batches = new ArrayList<>();
                            for (int step = 0; step < steps; step++) {
                                int first = firstPair + 2 * (step * workers + worker);
                                batches.add(
                                        pairs.subList(first, first + 2).stream().toList());
                            }
                            return worker == workers - 1 ? troubled(batches, trouble) : batches.iterator();
                        },
                        true);
    }

    private static Iterator<List<TrainingExample>> troubled(List<List<TrainingExample>> batches, Trouble trouble) {
        Iterator<List<TrainingExample>> all = batches.iterator();
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return all.hasNext();
            }

            @Override
            public List<TrainingExample> next() {
                List<TrainingExample> batch = all.next();
                if (all.hasNext() || trouble == Trouble.NONE) {
                    return batch;
                }
                boolean first = TROUBLE.getAndIncrement() == 0;
                return switch (trouble) {
                    case NONE -> batch;
                    case NOT_FINITE_ONCE -> first ? notFinite() : batch;
                    case NOT_FINITE_ALWAYS -> notFinite();
                    case HANGS_ONCE -> first ? hang() : batch;
                    case HANGS_ALWAYS -> hang();
                };
            }
        };
    }

    private static List<TrainingExample> notFinite() {
        TrainingExample pair = RandomModel.scored(1).get(0);
        return List.of(pair.withReference(Double.NaN, pair.referenceLogps()[1]));
    }

    private static List<TrainingExample> hang() {
        try {
            Thread.sleep(60_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new IllegalStateException("hung for a minute, or was stopped");
    }

    private PolicyNetwork network() {
        return network(TrainSettings.Optimizer.ADAMW);
    }

    private PolicyNetwork network(TrainSettings.Optimizer optimizer) {
        TrainSettings settings = new TrainSettings(
                1,
                2,
                64,
                false,
                0.01,
                0,
                TrainSettings.Schedule.CONSTANT,
                optimizer,
                TrainSettings.OptimizerDevice.AUTO,
                0,
                0,
                0,
                false,
                1,
                2,
                2,
                0,
                0,
                1,
                OuterSettings.average(),
                WorkerResources.OF_ANY_TASK);
        training = TrainPlan.of(source.configJson(), LOSS, settings, Precision.FLOAT32, 4, 1);
        PolicyNetwork network = PolicyNetwork.create(training);
        new Parameters(ParameterLayout.of(source.config()), network.state().parameters()).load(source.weights());
        return network;
    }

    private static void fit(PolicyNetwork network, AveragingMaster master, JavaRDD<List<TrainingExample>> batches) {
        master.train(network, batches);
    }

    private static double distance(float[] one, float[] other) {
        double sum = 0;
        for (int i = 0; i < one.length; i++) {
            sum = Math.hypot(sum, one[i] - other[i]);
        }
        return sum;
    }

    private static float[] parameters(PolicyNetwork network) {
        return values(network.state().parameters());
    }

    private static float[] moments(PolicyNetwork network) {
        return network.state().moments().map(AveragingMasterTest::values).orElse(new float[0]);
    }

    private static float[] values(Storage storage) {
        float[] values = new float[Math.toIntExact(storage.size())];
        storage.read(0, values, 0, values.length);
        return values;
    }
}
