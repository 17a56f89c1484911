package ai.rpo.spark.train;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;

/**
 * The state that all workers share between rounds. The driver has it by value, so that nothing is lost with executors;
 * executors have it in blocks, as the last average left them or, where there are none, as the driver publishes them.
 */
final class CommonState implements AutoCloseable {

    private final JavaSparkContext spark;
    private final NetworkState network;
    private final AtomicBoolean lostExecutor = new AtomicBoolean();
    private final SparkListener losses = new SparkListener() {
        @Override
        public void onExecutorRemoved(SparkListenerExecutorRemoved executor) {
            lostExecutor.set(true);
        }
    };
    private Broadcast<Integer> lifetime;
    private PlacedChunks blocks;

    CommonState(JavaSparkContext spark, NetworkState network) {
        this.spark = spark;
        this.network = network;
        spark.sc().addSparkListener(losses);
    }

    ChunkLayout layout() {
        return network.layout();
    }

    /** Tells where executors find the state. */
    PlacedChunks published() {
        replaceLost();
        if (blocks == null) {
            lifetime = spark.broadcast(0);
            publish(ChunkBlocks.of(lifetime, "driver"));
        }
        return blocks;
    }

    /** Puts blocks that went with an executor in the driver's memory, where those who need them will find them. */
    void replaceLost() {
        if (lostExecutor.getAndSet(false) && blocks != null) {
            publish(blocks.blocks());
        }
    }

    private void publish(ChunkBlocks names) {
        for (int chunk = 0; chunk < layout().count(); chunk++) {
            names.put(chunk, network.read(chunk));
        }
        blocks = PlacedChunks.here(names);
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
     * Replaces the state by other blocks, which from now on are its own. All of them are here before the first number
     * is overwritten.
     *
     * @throws PlacedChunks.LostBlockException if one is lost, and then the driver's copy is as it was
     */
    void replace(PlacedChunks others, Broadcast<Integer> othersLifetime) {
        List<Integer> fetched = new ArrayList<>();
        try {
            for (int chunk = 0; chunk < layout().count(); chunk++) {
                if (others.fetch(chunk)) {
                    fetched.add(chunk);
                }
            }
            network.overwrite(others);
        } finally {
            fetched.forEach(others::drop);
        }
        withdraw();
        blocks = PlacedChunks.at(others.blocks(), others.holders());
        lifetime = othersLifetime;
    }

    @Override
    public void close() {
        spark.sc().removeSparkListener(losses);
        withdraw();
    }
}
