package ai.rpo.spark.train;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.Consumer;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.storage.BlockData;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BlockManager;
import org.apache.spark.storage.BroadcastBlockId;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.io.ChunkedByteBuffer;
import scala.Option;
import scala.reflect.ClassTag;

/**
 * A training state as blocks of raw bytes in the memory of executors or driver, where every other JVM of the
 * application can fetch them: Spark's block manager moves them without serialisation, and spills to disk what does not
 * fit in memory. (BigDL exchanges parameters in this way: Dai et al., arXiv 1804.05839.)
 *
 * <p>Blocks live as long as the broadcast variable under whose id they are put.
 *
 * @param lifetime id of that broadcast variable
 * @param owner who put them, unique under that id: letters, digits and underscores, since other JVMs read a block's id
 *     from its name
 */
record ChunkBlocks(long lifetime, String owner) implements Serializable {

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final long POLL_MILLIS = 500;

    ChunkBlocks {
        if (!owner.matches("\\w+")) {
            throw new IllegalArgumentException(owner + " is no name that Spark reads back");
        }
    }

    static ChunkBlocks of(Broadcast<?> lifetime, String owner) {
        return new ChunkBlocks(lifetime.id(), owner);
    }

    /**
     * Ends a lifetime, and with it all blocks put under it, in whatever JVM; it may have ended before, or Spark may.
     */
    static void end(JavaSparkContext spark, Broadcast<?> lifetime) {
        if (lifetime.isValid() && !spark.sc().isStopped()) {
            lifetime.destroy();
        }
    }

    /** Leaves a chunk in this JVM; one that is there already stays. */
    void put(int chunk, ByteBuffer bytes) {
        manager()
                .putBytes(
                        id(chunk),
                        new ChunkedByteBuffer(bytes),
                        StorageLevel.MEMORY_AND_DISK_SER(),
                        true,
                        ClassTag.apply(byte[].class));
    }

    /**
     * Fetches a chunk into this JVM, of which no other learns; Spark spills it to disk where memory is short.
     *
     * @return false if it was here
     * @throws LostBlockException if no JVM has it any more
     */
    boolean fetch(int chunk) {
        BlockId id = id(chunk);
        if (manager().getStatus(id).isDefined()) {
            return false;
        }
        Option<ChunkedByteBuffer> remote = manager().getRemoteBytes(id);
        if (remote.isEmpty()) {
            throw new LostBlockException(id.name());
        }
        manager().putBytes(id, remote.get(), StorageLevel.MEMORY_AND_DISK_SER(), false, ClassTag.apply(byte[].class));
        return true;
    }

    /** Lets go of what {@link #fetch} brought. */
    void drop(int chunk) {
        manager().removeBlock(id(chunk), false);
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
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }
    }

    /**
     * Hands over a chunk's bytes, which are valid during the call only.
     *
     * @throws LostBlockException if no JVM has them any more
     */
    void read(int chunk, Consumer<ByteBuffer> use) {
        BlockId id = id(chunk);
        Option<BlockData> local = manager().getLocalBytes(id);
        if (local.isDefined()) {
            try {
                use.accept(local.get().toByteBuffer());
            } finally {
                manager().releaseLockAndDispose(id, local.get(), Option.empty());
            }
            return;
        }
        Option<ChunkedByteBuffer> remote = manager().getRemoteBytes(id);
        if (remote.isEmpty()) {
            throw new LostBlockException(id.name());
        }
        use.accept(remote.get().toByteBuffer());
    }

    /** The bytes of a block went with the JVM that held them. */
    static final class LostBlockException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private LostBlockException(String block) {
            super("block " + block + " is lost");
        }
    }

    BlockId id(int chunk) {
        return new BroadcastBlockId(lifetime, owner + "_" + chunk);
    }

    private static BlockManager manager() {
        return SparkEnv.get().blockManager();
    }
}
