package ai.rpo.core.tensor;

/**
 * Copies between a backend's storages and arrays of the heap while the backend goes on computing, in pieces of limited
 * length. Not safe for concurrent use.
 */
public interface Transfers extends AutoCloseable {

    /**
     * Asks for elements as they will be once all that was asked of the backend before is done. Until they are fetched, no
     * more may be asked of the backend that changes them. Two reads may be under way.
     *
     * @param length at most the length of a piece
     */
    void startRead(Storage from, long offset, int length);

    /** Waits for the elements of the oldest read that is under way, and puts them into {@code target[0..]}. */
    void finishRead(float[] target);

    /**
     * Overwrites elements after all that was asked of the backend before, and before all that is asked of it afterwards. The
     * source may be changed once the call returns.
     *
     * @param length at most the length of a piece
     */
    void write(Storage to, long offset, float[] source, int length);

    /** Gives the memory of pieces back, once what is under way has ended. */
    @Override
    void close();
}
