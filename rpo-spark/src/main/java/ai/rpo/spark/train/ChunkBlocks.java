package ai.rpo.spark.train;

import java.io.Serializable;
import java.nio.ByteBuffer;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BroadcastBlockId;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.io.ChunkedByteBuffer;
import scala.reflect.ClassTag;

/**
 * The names under which the chunks of a training state are left as blocks of raw bytes in the memory of executors or driver:
 * Spark's block manager moves them without serialisation, and spills to disk what does not fit in memory. (BigDL exchanges
 * parameters in this way: Dai et al., arXiv 1804.05839.) Who reads them has to know where they lie: {@link PlacedChunks}.
 *
 * <p>Blocks live as long as the broadcast variable under whose id they are put.
 *
 * @param lifetime id of that broadcast variable
 * @param owner who puts them, unique under that id: letters, digits and underscores, since other JVMs read a block's id
 *     from its name
 */
record ChunkBlocks(long lifetime, String owner) implements Serializable {

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
        put(chunk, new ChunkedByteBuffer(bytes));
    }

    void put(int chunk, ChunkedByteBuffer bytes) {
        // The driver is not told: with hundreds of workers it would have a million messages a round to answer.
        boolean tellDriver = false;
        SparkEnv.get()
                .blockManager()
                .putBytes(
                        id(chunk), bytes, StorageLevel.MEMORY_AND_DISK_SER(), tellDriver, ClassTag.apply(byte[].class));
    }

    /** Takes a chunk out of this JVM. */
    void drop(int chunk) {
        SparkEnv.get().blockManager().removeBlock(id(chunk), false);
    }

    BlockId id(int chunk) {
        return new BroadcastBlockId(lifetime, owner + "_" + chunk);
    }
}
