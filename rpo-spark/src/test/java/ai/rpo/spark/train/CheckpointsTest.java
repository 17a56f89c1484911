package ai.rpo.spark.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.loss.SupervisedLoss;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.train.PolicyNetwork;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.spark.store.FakeStores;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointsTest {

    @TempDir
    Path work;

    private ModelDirectory source;
    private Path folder;

    @BeforeEach
    void model() throws IOException {
        source = ModelDirectory.open(RandomModel.write(work.resolve("model"), 0.2));
        folder = work.resolve("checkpoints");
    }

    @ParameterizedTest
    @ValueSource(strings = {"file", "aside", "s3a"})
    void theLatestIsRestoredBitForBit(String store) throws IOException {
        Checkpoints checkpoints = checkpoints(store, "run", 2);
        save(checkpoints, 1);
        save(checkpoints, 2);

        PolicyNetwork network = network(0);
        Checkpoints.Checkpoint restored = checkpoints.restoreLatest(network).orElseThrow();

        assertEquals(2, restored.epoch());
        assertEquals(20, restored.step());
        assertState(2, network);
        assertEquals(20, network.graph().getConfiguration().getIterationCount());
    }

    @Test
    void onlyTheLatestFewAreKept() throws IOException {
        Checkpoints checkpoints = checkpoints("file", "run", 2);
        for (int epoch = 1; epoch <= 4; epoch++) {
            save(checkpoints, epoch);
        }
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(
                    List.of("epoch-0003", "epoch-0004"),
                    left.map(p -> p.getFileName().toString()).sorted().toList());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "model.safetensors",
                "optimizer_first_moments.safetensors",
                "optimizer_second_moments.safetensors",
                "config.json",
                "training_state.json"
            })
    void aDamagedOneIsPassedOverForTheOneBefore(String file) throws IOException {
        Checkpoints checkpoints = checkpoints("file", "run", 2);
        save(checkpoints, 1);
        save(checkpoints, 2);
        cutInHalf(folder.resolve("epoch-0002").resolve(file));

        PolicyNetwork network = network(0);
        assertEquals(1, checkpoints.restoreLatest(network).orElseThrow().epoch());
        assertState(1, network);
    }

    @Test
    void oneWithoutItsStateDoesNotCount() throws IOException {
        Checkpoints checkpoints = checkpoints("file", "run", 2);
        save(checkpoints, 1);
        save(checkpoints, 2);
        Files.delete(folder.resolve("epoch-0002/training_state.json"));
        assertEquals(1, checkpoints.restoreLatest(network(0)).orElseThrow().epoch());
    }

    /** The second moments are read last: what was read before them must not stay in the network. */
    @Test
    void damageInAllOfThemLeavesTheNetworkAsItWas() throws IOException {
        Checkpoints checkpoints = checkpoints("file", "run", 1);
        save(checkpoints, 1);
        Path moments = folder.resolve("epoch-0001/optimizer_second_moments.safetensors");
        try (RandomAccessFile content = new RandomAccessFile(moments.toFile(), "rw")) {
            content.seek(content.length() - Float.BYTES);
            content.writeInt(Integer.reverseBytes(Float.floatToIntBits(Float.NaN)));
        }

        PolicyNetwork network = network(9);
        assertEquals(Optional.empty(), checkpoints.restoreLatest(network));
        assertState(9, network);
    }

    @Test
    void thoseOfAnotherRunAreNotTakenUp() throws IOException {
        save(checkpoints("file", "run", 1), 1);
        assertEquals(Optional.empty(), checkpoints("file", "other", 1).restoreLatest(network(0)));
    }

    @Test
    void thereMayBeNone() {
        assertEquals(Optional.empty(), checkpoints("file", "run", 1).restoreLatest(network(0)));
    }

    private Checkpoints checkpoints(String store, String run, int keep) {
        return new Checkpoints(
                new org.apache.hadoop.fs.Path(store + "://" + folder), run, keep, FakeStores.configuration());
    }

    private void save(Checkpoints checkpoints, int epoch) {
        checkpoints.save(network(epoch), source, epoch, 10L * epoch);
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
                0,
                0,
                false,
                1,
                1,
                1,
                0,
                1);
        PolicyNetwork network = PolicyNetwork.create(PolicyNetwork.configuration(
                source.configJson(), new SupervisedLoss(), settings, Precision.FLOAT32, 1, 1));
        float[] parameters = numbers(mark, network.parameters());
        network.parameters().write(0, parameters, 0, parameters.length);
        Storage moments = network.updaterState().orElseThrow();
        float[] values = numbers(-mark, moments);
        moments.write(0, values, 0, values.length);
        return network;
    }

    private static void assertState(int mark, PolicyNetwork network) {
        assertArrayEquals(numbers(mark, network.parameters()), values(network.parameters()));
        Storage moments = network.updaterState().orElseThrow();
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
