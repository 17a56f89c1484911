package ai.rpo.core.text;

import java.io.Serializable;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * MinHash signatures of token sequences (Broder 1997), cut into bands (Leskovec, Rajaraman and Ullman, Mining of
 * Massive Datasets, 3.4): two sequences whose sets of 5 successive tokens have the Jaccard similarity s share a bucket
 * with probability 1 − (1 − s⁸)¹⁶, which is 0.06 at one half, 0.61 at 0.7, 0.95 at 0.8 and 0.9999 at 0.9.
 */
public final class MinHash implements Serializable {

    /** Buckets of a sequence. */
    public static final int BANDS = 16;

    private static final long serialVersionUID = 1L;
    private static final int ROWS = 8;
    private static final int SHINGLE = 5;

    private final long[] factors;
    private final long[] shifts;

    public MinHash() {
        SplittableRandom random = new SplittableRandom(1997);
        factors = random.longs(BANDS * ROWS).map(x -> x | 1).toArray();
        shifts = random.longs(BANDS * ROWS).toArray();
    }

    /** {@value BANDS} numbers; sequences that share one are likely alike. */
    public long[] buckets(int[] ids) {
        int[] least = signature(ids);
        long[] buckets = new long[BANDS];
        for (int band = 0; band < BANDS; band++) {
            long hash = band;
            for (int row = 0; row < ROWS; row++) {
                hash = mixed(hash * 31 + least[band * ROWS + row]);
            }
            buckets[band] = hash;
        }
        return buckets;
    }

    /** Gives for each hash function the least value, unsigned, over all runs of {@value SHINGLE} tokens. */
    int[] signature(int[] ids) {
        int[] least = new int[factors.length];
        Arrays.fill(least, -1);
        for (int i = 0; i < Math.max(1, ids.length - SHINGLE + 1); i++) {
            long shingle = 0;
            for (int j = i; j < Math.min(ids.length, i + SHINGLE); j++) {
                shingle = mixed(shingle * 31 + ids[j]);
            }
            for (int k = 0; k < least.length; k++) {
                // Multiply-shift (Dietzfelbinger et al. 1997): the upper half of a·x + b.
                int hash = (int) ((factors[k] * shingle + shifts[k]) >>> 32);
                if (Integer.compareUnsigned(hash, least[k]) < 0) {
                    least[k] = hash;
                }
            }
        }
        return least;
    }

    /** SplitMix64's finisher. */
    private static long mixed(long x) {
        long z = x + 0x9e3779b97f4a7c15L;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
