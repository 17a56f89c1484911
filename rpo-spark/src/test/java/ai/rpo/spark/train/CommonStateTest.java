package ai.rpo.spark.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

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
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

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
            ChunkBlocks before = state.published();
            state.replace(next, lifetime);

            assertEquals(filled(0, 3), driver.read(0));
            assertEquals(filled(1, 4), driver.read(1));
            assertEquals(next, state.published());
            assertTimeoutPreemptively(Duration.ofSeconds(20), () -> untilLost(before));
        }
    }

    /** Spark removes blocks in the background. */
    private static void untilLost(ChunkBlocks blocks) throws InterruptedException {
        while (true) {
            try {
                blocks.read(0, bytes -> {});
            } catch (ChunkBlocks.LostBlockException e) {
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
            assertThrows(ChunkBlocks.LostBlockException.class, () -> state.replace(next, lifetime));

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
            ChunkBlocks blocks = state.published();
            SparkEnv.get().blockManager().removeBlock(blocks.id(1), true);
            state.replaceLost();
            assertThrows(ChunkBlocks.LostBlockException.class, () -> blocks.read(1, bytes -> {}));

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

    private ByteBuffer filled(int chunk, float value) {
        ByteBuffer bytes = ByteBuffer.allocate(driver.layout().length(chunk) * Float.BYTES);
        for (int i = 0; i < bytes.capacity() / Float.BYTES; i++) {
            NetworkState.floats(bytes).put(i, value);
        }
        return bytes;
    }
}
