package ai.rpo.core.tensor;

/**
 * New rows of one sequence, whose earlier keys and values are kept from the passes before. New row {@code i} sees
 * positions {@code 0 .. cached+i} of its sequence; under a sliding window the last of those only.
 *
 * @param start first new row
 * @param length new rows
 * @param cache keys and values of the sequence's tokens, {@code [capacity, 2·shape.keyColumns()]}: of each row all key
 *     heads, then all value heads
 * @param cached rows of the cache that are filled
 */
public record CachedSegment(int start, int length, Tensor cache, int cached) {

    /** Tokens of the sequence, the new ones included. */
    public int total() {
        return cached + length;
    }
}
