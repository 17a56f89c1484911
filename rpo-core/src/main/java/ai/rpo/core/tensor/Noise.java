package ai.rpo.core.tensor;

/** Random numbers that depend on where they are used and on nothing else: SplitMix64 (doi 10.1145/2714064.2660195). */
public final class Noise {

    private static final long GAMMA = 0x9e3779b97f4a7c15L;

    private Noise() {}

    /** Sixty-four random bits for a place; as a seed, it makes a new sequence of places. */
    public static long of(long seed, long place) {
        long z = seed + (place + 1) * GAMMA;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    /** Uniform in [0, 1). */
    public static double uniform(long seed, long place) {
        return (of(seed, place) >>> 11) * 0x1p-53;
    }
}
