package ai.rpo.core.train;

import java.io.Serializable;

/**
 * Says where each pair goes in an epoch: to which worker, in which of its steps. A function of (seed, epoch, index)
 * alone, so it does not depend on how the data are partitioned, and needs no table of the data set.
 *
 * <p>Step s of the epoch takes the pairs at positions s·w·B to (s+1)·w·B − 1 and deals them to the w workers in turn,
 * so that a short last step is spread evenly; every pair is used exactly once.
 */
public final class BatchOrder implements Serializable {

    private static final long serialVersionUID = 1L;

    private static final int ROUNDS = 4;

    private final long pairs;
    private final int workers;
    private final int pairsPerBatch;
    private final boolean shuffle;
    private final long key;
    private final int halfBits;

    /**
     * @param pairs pairs in the data set
     * @param epoch from 0
     */
    public BatchOrder(long pairs, TrainSettings settings, int epoch) {
        this.pairs = pairs;
        workers = settings.workers();
        pairsPerBatch = settings.pairsPerBatch();
        shuffle = settings.shuffle();
        key = mix(settings.seed() * 0x9E3779B97F4A7C15L + epoch);
        int bits = 64 - Long.numberOfLeadingZeros(Math.max(1, pairs - 1));
        halfBits = Math.max(1, (bits + 1) / 2);
    }

    /**
     * @param worker from 0
     * @param step of the epoch, from 0
     * @param slot place within the worker's batch
     */
    public record Place(int worker, long step, int slot) implements Serializable {}

    /** @param index of the pair in the data set's order, 0 to pairs − 1 */
    public Place place(long index) {
        long position = shuffle ? permute(index) : index;
        long perStep = (long) workers * pairsPerBatch;
        long within = position % perStep;
        return new Place((int) (within % workers), position / perStep, (int) (within / workers));
    }

    /**
     * A keyed bijection of 0…pairs−1: a balanced Feistel network over the next even number of bits, walked until it
     * lands inside (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002).
     */
    private long permute(long index) {
        long value = index;
        do {
            value = feistel(value);
        } while (value >= pairs);
        return value;
    }

    private long feistel(long value) {
        long mask = (1L << halfBits) - 1;
        long left = value >>> halfBits;
        long right = value & mask;
        for (int round = 0; round < ROUNDS; round++) {
            long next = left ^ (mix(right + key + round * 0xD1B54A32D192ED03L) & mask);
            left = right;
            right = next;
        }
        return left << halfBits | right;
    }

    /** The finaliser of SplitMix64. */
    private static long mix(long z) {
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
