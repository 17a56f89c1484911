package ai.rpo.spark.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.Trainable;
import ai.rpo.core.objective.Supervised;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.train.OuterSettings;
import ai.rpo.core.train.TrainPlan;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.core.train.WorkerResources;
import ai.rpo.spark.LocalSpark;
import ai.rpo.spark.store.FakeStores;
import ai.rpo.spark.store.Fence;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LocalSpark.class)
class CheckpointsTest {

    @TempDir
    Path work;

    private ModelDirectory source;
    private Path folder;

    @BeforeAll
    static void start(SparkSession session) {}

    @BeforeEach
    void model() throws IOException {
        source = ModelDirectory.open(RandomModel.write(work.resolve("model"), 0.2));
        folder = work.resolve("checkpoints");
    }

    @ParameterizedTest
    @ValueSource(strings = {"file", "aside", "s3a"})
    void theLatestIsRestoredBitForBit(String store) {
        Checkpoints checkpoints = checkpoints(store, "run", 2);
        save(checkpoints, 1);
        save(checkpoints, 2);

        PolicyNetwork network = network(0);
        CheckpointState restored = checkpoints.restoreLatest(state(network)).orElseThrow();

        assertEquals(2, restored.epoch());
        assertEquals(20, restored.step());
        assertState(2, network);
        assertEquals(20, network.state().step());
    }

    @Test
    void onlyTheLatestFewAndTheBestAreKept() throws IOException {
        Checkpoints checkpoints = checkpoints("file", "run", 2);
        HeldOutHistory history = HeldOutHistory.EMPTY;
        for (int epoch = 1; epoch <= 5; epoch++) {
            history = history.and(10L * epoch, epoch == 2 ? 0.1 : 0.5);
            checkpoints.publish(checkpoints.write(state(network(epoch)), epoch, 10L * epoch), history);
        }
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(
                    List.of("step-00000020", "step-00000040", "step-00000050"),
                    left.map(p -> p.getFileName().toString()).sorted().toList());
        }

        PolicyNetwork network = network(0);
        CheckpointState latest = checkpoints.restoreLatest(state(network)).orElseThrow();
        assertEquals(history, latest.history());
        assertEquals("step-00000020", chosen(checkpoints));

        Path best = folder.resolve("step-00000020/model.safetensors");
        byte[] bytes = Files.readAllBytes(best);
        bytes[bytes.length - 1] ^= 1;
        Files.write(best, bytes);
        RpoException damaged = assertThrows(RpoException.class, () -> chosen(checkpoints));
        assertEquals(RpoException.Kind.DATA, damaged.kind());
        assertTrue(damaged.getMessage().contains("model.safetensors is not what was written"), damaged.getMessage());
    }

    @Test
    void withoutHeldOutPairsTheLatestWholeCheckpointIsChosen() throws IOException {
        Checkpoints checkpoints = checkpoints("file", "run", 2);
        assertFalse(checkpoints.readChosen(folder -> {}));
        for (int epoch = 1; epoch <= 2; epoch++) {
            checkpoints.publish(checkpoints.write(state(network(epoch)), epoch, 10L * epoch), HeldOutHistory.EMPTY);
        }
        assertEquals("step-00000020", chosen(checkpoints));
        Files.delete(folder.resolve("step-00000020/model.safetensors"));
        assertEquals("step-00000010", chosen(checkpoints));
        Files.delete(folder.resolve("step-00000010/model.safetensors"));
        assertThrows(RpoException.class, () -> chosen(checkpoints));
    }

    private static String chosen(Checkpoints checkpoints) {
        List<String> names = new ArrayList<>();
        assertTrue(checkpoints.readChosen(local -> names.add(local.getFileName().toString())));
        return names.get(0);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "model.safetensors",
                "optimizer_first_moments.safetensors",
                "optimizer_second_moments.safetensors",
                "outer_velocity.safetensors",
                "config.json",
                "training_state.json"
            })
    void aDamagedOneIsPassedOverForTheOneBefore(String file) throws IOException {
        Checkpoints checkpoints = checkpoints("file", "run", 2);
        save(checkpoints, 1);
        save(checkpoints, 2);
        cutInHalf(folder.resolve("step-00000020").resolve(file));

        PolicyNetwork network = network(0);
        assertEquals(1, checkpoints.restoreLatest(state(network)).orElseThrow().epoch());
        assertState(1, network);
    }

    /** The file still reads well: only its checksum tells. */
    @Test
    void aFlippedBitIsFound() throws IOException {
        Checkpoints checkpoints = checkpoints("file", "run", 2);
        save(checkpoints, 1);
        save(checkpoints, 2);
        Path weights = folder.resolve("step-00000020/model.safetensors");
        try (RandomAccessFile content = new RandomAccessFile(weights.toFile(), "rw")) {
            content.seek(content.length() - 4);
            int last = content.read();
            content.seek(content.length() - 4);
            content.write(last ^ 1);
        }
        assertEquals(
                1, checkpoints.restoreLatest(state(network(0))).orElseThrow().epoch());
    }

    @Test
    void oneWithoutItsStateDoesNotCount() throws IOException {
        Checkpoints checkpoints = checkpoints("file", "run", 2);
        save(checkpoints, 1);
        checkpoints.write(state(network(2)), 2, 20);
        assertEquals(
                1, checkpoints.restoreLatest(state(network(0))).orElseThrow().epoch());
    }

    /** The velocity is read last: what was read before it must not stay in the network. */
    @Test
    void damageInAllOfThemLeavesTheNetworkAsItWas() throws IOException {
        Checkpoints checkpoints = checkpoints("file", "run", 1);
        save(checkpoints, 1);
        cutInHalf(folder.resolve("step-00000010/outer_velocity.safetensors"));

        PolicyNetwork network = network(9);
        RpoException refused = assertThrows(RpoException.class, () -> checkpoints.restoreLatest(state(network)));
        assertEquals(RpoException.Kind.DATA, refused.kind());
        assertTrue(refused.getMessage().contains("all 1 checkpoints of this run are damaged"), refused.getMessage());
        assertState(9, network);
    }

    /** A run must not begin anew because its checkpoints could not be looked at. */
    @Test
    void oneThatCannotBeReadIsNotTakenForDamaged() {
        save(checkpoints("s3a", "run", 2), 1);
        FakeStores.unreadable("model.safetensors");
        try {
            PolicyNetwork network = network(9);
            assertThrows(RpoException.class, () -> checkpoints("s3a", "run", 2).restoreLatest(state(network)));
            assertState(9, network);
        } finally {
            FakeStores.unreadable(null);
        }
    }

    /** The run went on from before a damaged one; what it writes then is the newest, whatever the damaged one's step. */
    @Test
    void theOneJustWrittenIsNeverLetGo() throws IOException {
        Checkpoints checkpoints = checkpoints("file", "run", 1);
        save(checkpoints, 3);
        cutInHalf(folder.resolve("step-00000030/model.safetensors"));
        save(checkpoints, 2);
        assertEquals(
                2, checkpoints.restoreLatest(state(network(0))).orElseThrow().epoch());
    }

    @Test
    void halfAStateIsNotKept() {
        NetworkState state = state(network(1));
        assertThrows(
                PlacedChunks.LostBlockException.class,
                () -> state.overwrite(PlacedChunks.here(new ChunkBlocks(0, "nobody"))));
        assertThrows(
                IllegalStateException.class, () -> checkpoints("file", "run", 1).write(state, 1, 10));
    }

    @Test
    void thoseOfAnotherRunAreNotTakenUp() {
        save(checkpoints("file", "run", 1), 1);
        assertEquals(Optional.empty(), checkpoints("file", "other", 1).restoreLatest(state(network(0))));
    }

    @Test
    void thereMayBeNone() {
        assertEquals(Optional.empty(), checkpoints("file", "run", 1).restoreLatest(state(network(0))));
    }

    @Test
    void aPlaceThatCannotBeWrittenToIsFoundBeforeWork() throws IOException {
        Files.writeString(work.resolve("taken"), "a file");
        folder = work.resolve("taken/checkpoints");
        RpoException refused = assertThrows(
                RpoException.class, () -> checkpoints("file", "run", 1).prepare(state(network(0))));
        assertEquals(RpoException.Kind.CONFIGURATION, refused.kind());
    }

    @Test
    void tooLittleRoomIsFoundBeforeWork() {
        FakeStores.room(20_000);
        try {
            RpoException refused = assertThrows(
                    RpoException.class, () -> checkpoints("s3a", "run", 2).prepare(state(network(0))));
            assertTrue(refused.getMessage().contains("it has room for"), refused.getMessage());
        } finally {
            FakeStores.room(Long.MAX_VALUE);
        }
        checkpoints("s3a", "run", 2).prepare(state(network(0)));
    }

    @Test
    void oneThatFillsTheDiskLeavesTheOneBeforeAndNoRest() throws IOException {
        Checkpoints checkpoints = checkpoints("s3a", "run", 2);
        save(checkpoints, 1);
        FakeStores.capacity(1_000);
        try {
            RpoException full = assertThrows(RpoException.class, () -> save(checkpoints, 2));
            assertEquals(RpoException.Kind.CONFIGURATION, full.kind());
            assertTrue(full.getMessage().contains("there is no room left. Make room"), full.getMessage());
        } finally {
            FakeStores.capacity(Long.MAX_VALUE);
        }
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(
                    List.of("step-00000010"),
                    left.map(p -> p.getFileName().toString()).toList());
        }
        PolicyNetwork network = network(0);
        assertEquals(1, checkpoints.restoreLatest(state(network)).orElseThrow().epoch());
        assertState(1, network);
    }

    @Test
    void whoeverLostItsLeasePublishesNothing() {
        Checkpoints late = new Checkpoints(
                new org.apache.hadoop.fs.Path("file://" + folder),
                "run",
                new Trainable.AllWeights(source),
                2,
                0,
                () -> {
                    throw new IllegalStateException("taken over");
                },
                FakeStores.configuration());
        save(checkpoints("file", "run", 2), 1);
        assertThrows(IllegalStateException.class, () -> save(late, 2));
        assertEquals(
                1,
                checkpoints("file", "run", 2)
                        .restoreLatest(state(network(0)))
                        .orElseThrow()
                        .epoch());
    }

    private Checkpoints checkpoints(String store, String run, int keep) {
        return new Checkpoints(
                new org.apache.hadoop.fs.Path(store + "://" + folder),
                run,
                new Trainable.AllWeights(source),
                keep,
                0,
                Fence.NONE,
                FakeStores.configuration());
    }

    private void save(Checkpoints checkpoints, int epoch) {
        checkpoints.publish(checkpoints.write(state(network(epoch)), epoch, 10L * epoch), HeldOutHistory.EMPTY);
    }

    private static NetworkState state(PolicyNetwork network) {
        return new NetworkState(network.state(), Optional.of(network.zerosLikeParameters()));
    }

    private static void cutInHalf(Path file) throws IOException {
        byte[] content = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(content, content.length / 2));
    }

    /** A network whose numbers all depend on the mark. */
    private PolicyNetwork network(int mark) {
        TrainSettings settings = new TrainSettings(
                1,
                1,
                64,
                false,
                0.1,
                0,
                TrainSettings.Schedule.CONSTANT,
                TrainSettings.Optimizer.ADAMW,
                TrainSettings.OptimizerDevice.AUTO,
                0,
                0,
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
        PolicyNetwork network = PolicyNetwork.create(
                TrainPlan.of(source.configJson(), new Supervised(), settings, Precision.FLOAT32, 1, 1));
        float[] parameters = numbers(mark, network.state().parameters());
        network.state().parameters().write(0, parameters, 0, parameters.length);
        Storage moments = network.state().moments().orElseThrow();
        float[] values = numbers(-mark, moments);
        moments.write(0, values, 0, values.length);
        return network;
    }

    private static void assertState(int mark, PolicyNetwork network) {
        assertArrayEquals(
                numbers(mark, network.state().parameters()),
                values(network.state().parameters()));
        Storage moments = network.state().moments().orElseThrow();
        assertArrayEquals(numbers(-mark, moments), values(moments));
    }

    private static float[] numbers(int mark, Storage storage) {
        float[] numbers = new float[Math.toIntExact(storage.size())];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = mark + i / 4096f;
        }
        return numbers;
    }

    private static float[] values(Storage storage) {
        float[] values = new float[Math.toIntExact(storage.size())];
        storage.read(0, values, 0, values.length);
        return values;
    }
}
