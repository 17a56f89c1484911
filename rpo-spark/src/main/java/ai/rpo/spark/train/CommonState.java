package ai.rpo.spark.train;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * The state that all workers share between rounds. The driver has it by value, so that nothing is lost with executors;
 * executors have it in blocks, as the last average left them or, where there are none, as the driver publishes them.
 */
final class CommonState implements AutoCloseable {

    private final JavaSparkContext spark;
    private final NetworkState network;
    private Broadcast<Integer> lifetime;
    private ChunkBlocks blocks;

    CommonState(JavaSparkContext spark, NetworkState network) {
        this.spark = spark;
        this.network = network;
    }

    ChunkLayout layout() {
        return network.layout();
    }

    /** Where executors find the state. */
    ChunkBlocks published() {
        if (blocks == null) {
            lifetime = spark.broadcast(0);
            blocks = ChunkBlocks.of(lifetime, "driver");
            for (int chunk = 0; chunk < layout().count(); chunk++) {
                blocks.put(chunk, network.read(chunk));
            }
        }
        return blocks;
    }

    /** Takes the blocks away; the driver's copy stays. */
    void withdraw() {
        if (lifetime != null) {
            ChunkBlocks.end(spark, lifetime);
        }
        lifetime = null;
        blocks = null;
    }

    /**
     * Replaces the state by other blocks, which from now on are its own.
     *
     * @throws ChunkBlocks.LostBlockException if one is lost, and then the driver's copy is as it was
     */
    void replace(ChunkBlocks others, Broadcast<Integer> othersLifetime) {
        takeAll(others, new ArrayList<>());
        withdraw();
        blocks = others;
        lifetime = othersLifetime;
    }

    /** Writes only once it holds every chunk. */
    private void takeAll(ChunkBlocks others, List<ByteBuffer> held) {
        if (held.size() == layout().count()) {
            for (int chunk = 0; chunk < held.size(); chunk++) {
                network.write(chunk, held.get(chunk));
            }
            return;
        }
        others.read(held.size(), bytes -> {
            held.add(bytes);
            takeAll(others, held);
        });
    }

    @Override
    public void close() {
        withdraw();
    }
}
