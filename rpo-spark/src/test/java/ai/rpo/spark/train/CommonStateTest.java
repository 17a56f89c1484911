package ai.rpo.spark.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.objective.Supervised;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.train.OuterSettings;
import ai.rpo.core.train.TrainPlan;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.core.train.WorkerResources;
import ai.rpo.spark.LocalSpark;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BlockManagerId;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import scala.Option;

/** Of a network with two chunks: its parameters and its moments. */
@ExtendWith(LocalSpark.class)
class CommonStateTest {

    private static JavaSparkContext spark;

    @TempDir
    Path work;

    private NetworkState driver;

    @BeforeAll
    static void start(SparkSession session) {
        spark = JavaSparkContext.fromSparkContext(session.sparkContext());
    }

    @BeforeEach
    void network() throws IOException {
        ModelDirectory source = ModelDirectory.open(RandomModel.write(work.resolve("model"), 0.2));
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
        driver = new NetworkState(
                PolicyNetwork.create(
                                TrainPlan.of(source.configJson(), new Supervised(), settings, Precision.FLOAT32, 1, 1))
                        .state(),
                Optional.empty());
        driver.write(0, filled(0, 1));
        driver.write(1, filled(1, 2));
    }

    @Test
    void isPublishedAndReplaced() {
        try (CommonState state = new CommonState(spark, driver)) {
            state.published().read(0, bytes -> assertEquals(driver.read(0), bytes.duplicate()));

            Broadcast<Integer> lifetime = spark.broadcast(0);
            ChunkBlocks next = ChunkBlocks.of(lifetime, "mean");
            next.put(0, filled(0, 3));
            next.put(1, filled(1, 4));
            PlacedChunks before = state.published();
            state.replace(PlacedChunks.here(next), lifetime);

            assertEquals(filled(0, 3), driver.read(0));
            assertEquals(filled(1, 4), driver.read(1));
            assertEquals(PlacedChunks.here(next), state.published());
            assertTimeoutPreemptively(Duration.ofSeconds(20), () -> untilLost(before));
        }
    }

    /** Spark removes blocks in the background. */
    private static void untilLost(PlacedChunks blocks) throws InterruptedException {
        while (true) {
            try {
                blocks.read(0, bytes -> {});
            } catch (PlacedChunks.LostBlockException e) {
                return;
            }
            Thread.sleep(10);
        }
    }

    /** As when the executor that had averaged the second chunk is gone. */
    @Test
    void whereAChunkIsLostTheDriverKeepsWhatItHad() {
        try (CommonState state = new CommonState(spark, driver)) {
            Broadcast<Integer> lifetime = spark.broadcast(0);
            ChunkBlocks next = ChunkBlocks.of(lifetime, "mean");
            next.put(0, filled(0, 3));
            assertThrows(PlacedChunks.LostBlockException.class, () -> state.replace(PlacedChunks.here(next), lifetime));

            assertEquals(filled(0, 1), driver.read(0));
            assertEquals(filled(1, 2), driver.read(1));
            ChunkBlocks.end(spark, lifetime);
            ChunkBlocks.end(spark, lifetime);
        }
    }

    /** As when an executor that had a chunk of the published state is gone. */
    @Test
    void publishedChunksThatAreLostArePutInTheirPlaceAgain() throws Exception {
        try (CommonState state = new CommonState(spark, driver)) {
            PlacedChunks blocks = state.published();
            blocks.drop(1);
            state.replaceLost();
            assertThrows(PlacedChunks.LostBlockException.class, () -> blocks.read(1, bytes -> {}));

            spark.sc().listenerBus().post(new SparkListenerExecutorRemoved(0, "7", "gone"));
            spark.sc().listenerBus().waitUntilEmpty();
            state.replaceLost();
            blocks.readPatiently(1, bytes -> assertEquals(filled(1, 2), bytes.duplicate()));
        }
    }

    /** Other JVMs ask for a block by its name, and Spark reads the id from that again. */
    @Test
    void blocksAreFoundByTheirName() {
        for (String owner : List.of("driver", "mean", "worker_1_17")) {
            BlockId id = new ChunkBlocks(11, owner).id(3);
            assertEquals(id, BlockId.apply(id.name()));
        }
        assertThrows(IllegalArgumentException.class, () -> new ChunkBlocks(11, "worker-1"));
    }

    /** A round of 512 workers would else be a million messages that the driver answers one after another. */
    @Test
    void theDriverIsNotToldOfBlocks() {
        try (CommonState state = new CommonState(spark, driver)) {
            BlockId id = state.published().blocks().id(0);

            assertTrue(SparkEnv.get().blockManager().getStatus(id).isDefined());
            assertTrue(SparkEnv.get().blockManager().master().getLocations(id).isEmpty());
        }
    }

    @Test
    void aChunkIsSoughtWithItsHolderThenWithTheDriver() {
        BlockManagerId here = PlacedChunks.thisJvm();
        BlockManagerId one = BlockManagerId.apply("1", "a.example", 4001, Option.empty());
        BlockManagerId two = BlockManagerId.apply("2", "b.example", 4002, Option.empty());
        ChunkBlocks blocks = new ChunkBlocks(11, "mean");

        PlacedChunks seenFromTheDriver = PlacedChunks.at(blocks, List.of(one, two, here));
        assertEquals(List.of(two), seenFromTheDriver.elsewhere(1));
        assertEquals(List.of(), seenFromTheDriver.elsewhere(2));
        PlacedChunks seenFromAWorker = new PlacedChunks(blocks, List.of(here, one), two);
        assertEquals(List.of(two), seenFromAWorker.elsewhere(0));
        assertEquals(List.of(one, two), seenFromAWorker.elsewhere(1));
        assertEquals(List.of(one), new PlacedChunks(blocks, List.of(one), one).elsewhere(7));
    }

    private ByteBuffer filled(int chunk, float value) {
        ByteBuffer bytes = ByteBuffer.allocate(driver.layout().length(chunk) * Float.BYTES);
        for (int i = 0; i < bytes.capacity() / Float.BYTES; i++) {
            NetworkState.floats(bytes).put(i, value);
        }
        return bytes;
    }
}
