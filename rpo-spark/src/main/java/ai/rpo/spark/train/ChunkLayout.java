package ai.rpo.spark.train;

import java.io.Serializable;

/**
 * How the numbers of a training state are cut into chunks: first all parameters, then the optimizer's moments. No chunk
 * holds both.
 *
 * @param parameters how many
 * @param moments how many, 0 for plain SGD
 */
record ChunkLayout(long parameters, long moments) implements Serializable {

    /** 16 MB: large enough to be fast, small enough that no message comes near Spark's limits. */
    static final int CHUNK = 1 << 22;

    int count() {
        return chunks(parameters) + chunks(moments);
    }

    /** Bytes of all chunks. */
    long bytes() {
        return (parameters + moments) * Float.BYTES;
    }

    boolean isParameters(int chunk) {
        return chunk < chunks(parameters);
    }

    /** Where a chunk begins in its own array. */
    long offset(int chunk) {
        return (long) (isParameters(chunk) ? chunk : chunk - chunks(parameters)) * CHUNK;
    }

    /** Numbers in a chunk. */
    int length(int chunk) {
        if (chunk < 0 || chunk >= count()) {
            throw new IndexOutOfBoundsException("There is no chunk " + chunk + " of " + count() + ".");
        }
        return (int) Math.min(CHUNK, (isParameters(chunk) ? parameters : moments) - offset(chunk));
    }

    private static int chunks(long size) {
        return Math.toIntExact((size + CHUNK - 1) / CHUNK);
    }
}
