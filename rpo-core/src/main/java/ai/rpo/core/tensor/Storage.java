package ai.rpo.core.tensor;

/**
 * One contiguous run of numbers that a {@link Backend} owns; everything the decoder computes on is a window of one.
 *
 * <p>Storages are not cleared on reuse and not safe for concurrent writes.
 */
public interface Storage {

    /** Number of elements. */
    long size();

    /**
     * A row-major window, sharing memory with this storage.
     *
     * @throws IndexOutOfBoundsException if the window does not lie inside the storage
     */
    Tensor tensor(long offset, int rows, int columns);

    /** Copies {@code length} elements starting at {@code offset} into {@code target[from..]}, rounding to float32. */
    void read(long offset, float[] target, int from, int length);

    /** Overwrites {@code length} elements starting at {@code offset} with {@code source[from..]}. */
    void write(long offset, float[] source, int from, int length);

    /**
     * Gives the memory back now rather than when the garbage collector finds it; no tensor of this storage may be used any
     * more.
     *
     * @throws IllegalStateException if a backend did not allocate it
     */
    void free();
}
