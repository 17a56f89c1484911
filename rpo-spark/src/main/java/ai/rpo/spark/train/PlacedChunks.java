package ai.rpo.spark.train;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.spark.SparkEnv;
import org.apache.spark.network.shuffle.DownloadFileManager;
import org.apache.spark.storage.BlockData;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BlockManager;
import org.apache.spark.storage.BlockManagerId;
import org.apache.spark.util.io.ChunkedByteBuffer;
import scala.Option;

/**
 * The chunks of a training state and the JVMs that have them, so that all JVMs of the application can fetch them from there
 * and nobody asks the driver where a block is.
 *
 * @param holders who has each chunk; a single one has all of them
 * @param driver where a chunk is looked for that its holder does not give: after a loss of executors the driver puts
 *     the common state there
 */
record PlacedChunks(ChunkBlocks blocks, List<BlockManagerId> holders, BlockManagerId driver) implements Serializable {

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final long POLL_MILLIS = 500;
    private static final DownloadFileManager IN_MEMORY = null;

    PlacedChunks {
        holders = List.copyOf(holders);
    }

    /** Blocks that were all put in this JVM. */
    static PlacedChunks here(ChunkBlocks blocks) {
        return new PlacedChunks(blocks, List.of(thisJvm()), thisJvm());
    }

    /** Blocks of which each has a holder, seen from the driver. */
    static PlacedChunks at(ChunkBlocks blocks, List<BlockManagerId> holders) {
        return new PlacedChunks(blocks, holders, thisJvm());
    }

    /** The address under which other JVMs find the blocks of this one. */
    static BlockManagerId thisJvm() {
        return manager().blockManagerId();
    }

    /**
     * Fetches a chunk into this JVM; Spark spills it to disk where memory is short.
     *
     * @return false if it was here
     * @throws LostBlockException if neither its holder nor the driver has it any more
     */
    boolean fetch(int chunk) {
        if (manager().getStatus(blocks.id(chunk)).isDefined()) {
            return false;
        }
        blocks.put(chunk, new ChunkedByteBuffer(remote(chunk)));
        return true;
    }

    /** Lets go of what {@link #fetch} brought. */
    void drop(int chunk) {
        blocks.drop(chunk);
    }

    /** Reads like {@link #read}, for blocks that may be on their way to a new place: looks for them for a while. */
    void readPatiently(int chunk, Consumer<ByteBuffer> use) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                read(chunk, use);
                return;
            } catch (LostBlockException e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
            }
            try {
                Thread.sleep(POLL_MILLIS);
            } catch (InterruptedException e) {
                throw interrupted(e);
            }
        }
    }

    /**
     * Hands over a chunk's bytes, which are valid during the call only.
     *
     * @throws LostBlockException if neither its holder nor the driver has them any more
     */
    void read(int chunk, Consumer<ByteBuffer> use) {
        BlockId id = blocks.id(chunk);
        Option<BlockData> local = manager().getLocalBytes(id);
        if (local.isDefined()) {
            try {
                use.accept(local.get().toByteBuffer());
            } finally {
                manager().releaseLockAndDispose(id, local.get(), Option.empty());
            }
            return;
        }
        use.accept(remote(chunk));
    }

    /** Other JVMs in which a chunk may be, in the order in which they are asked. */
    List<BlockManagerId> elsewhere(int chunk) {
        BlockManagerId holder = holders.get(Math.min(chunk, holders.size() - 1));
        return Stream.of(holder, driver)
                .distinct()
                .filter(place -> !place.equals(thisJvm()))
                .toList();
    }

    private ByteBuffer remote(int chunk) {
        String name = blocks.id(chunk).name();
        LostBlockException lost = new LostBlockException(name);
        for (BlockManagerId place : elsewhere(chunk)) {
            try {
                return manager()
                        .blockTransferService()
                        .fetchBlockSync(place.host(), place.port(), place.executorId(), name, IN_MEMORY)
                        .nioByteBuffer();
            } catch (Exception e) { // of what kind is up to Spark's network layer, and Scala declares none
                if (e instanceof InterruptedException interruption) {
                    throw interrupted(interruption);
                }
                lost.addSuppressed(e);
            }
        }
        throw lost;
    }

    private static IllegalStateException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new IllegalStateException(e);
    }

    private static BlockManager manager() {
        return SparkEnv.get().blockManager();
    }

    /** The bytes of a block went with the JVM that held them. */
    static final class LostBlockException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private LostBlockException(String block) {
            super("block " + block + " is lost");
        }
    }
}
