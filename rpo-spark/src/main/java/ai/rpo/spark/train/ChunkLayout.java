package ai.rpo.spark.train;

import java.io.Serializable;

/**
 * Says how the numbers of a training state are cut into chunks: first all parameters, then the optimizer's moments,
 * then the velocity of the outer optimizer. No chunk holds two of them.
 *
 * @param parameters how many
 * @param moments how many, 0 for plain SGD
 * @param velocity how many: as many as parameters, or 0
 */
record ChunkLayout(long parameters, long moments, long velocity) implements Serializable {

    /** 16 MB: large enough to be fast, small enough that no message comes near Spark's limits. */
    static final int CHUNK = 1 << 22;

    int count() {
        return averaged() + chunks(velocity);
    }

    /** Chunks of which workers hand in theirs: parameters and moments. */
    int averaged() {
        return chunks(parameters) + chunks(moments);
    }

    /** Bytes of parameters and moments. */
    long averagedBytes() {
        return (parameters + moments) * Float.BYTES;
    }

    /** Bytes of everything. */
    long bytes() {
        return averagedBytes() + velocity * Float.BYTES;
    }

    boolean isParameters(int chunk) {
        return chunk < chunks(parameters);
    }

    boolean isVelocity(int chunk) {
        return chunk >= averaged();
    }

    /** The chunk with the velocity of a chunk of parameters. */
    int velocityOf(int chunk) {
        return averaged() + chunk;
    }

    /** Tells where a chunk begins in its own array. */
    long offset(int chunk) {
        int first = isParameters(chunk) ? 0 : isVelocity(chunk) ? averaged() : chunks(parameters);
        return (long) (chunk - first) * CHUNK;
    }

    /** Numbers in a chunk. */
    int length(int chunk) {
        if (chunk < 0 || chunk >= count()) {
            throw new IndexOutOfBoundsException("There is no chunk " + chunk + " of " + count() + ".");
        }
        long size = isParameters(chunk) ? parameters : isVelocity(chunk) ? velocity : moments;
        return (int) Math.min(CHUNK, size - offset(chunk));
    }

    private static int chunks(long size) {
        return Math.toIntExact((size + CHUNK - 1) / CHUNK);
    }
}
