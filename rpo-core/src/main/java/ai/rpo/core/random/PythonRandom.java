package ai.rpo.core.random;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.commons.math3.random.MersenneTwister;

/**
 * Draws what CPython's {@code random.Random} draws from the same seed, so that choices which other programs made with it
 * can be made again: few-shot examples, orders, coins. The generator is MT19937; how seeds become its state and its
 * words become choices is that of CPython 3.11's Lib/random.py and Modules/_randommodule.c. Serves one thread.
 */
public final class PythonRandom {

    private final MersenneTwister words;

    private PythonRandom(BigInteger seed) {
        words = new MersenneTwister(key(seed.abs()));
    }

    /** Seeds as {@code Random(seed)} does of an int. */
    public static PythonRandom seeded(long seed) {
        return new PythonRandom(BigInteger.valueOf(seed));
    }

    /** Seeds as {@code Random(seed)} does of a str: by its UTF-8 and the SHA-512 of that, read as one number. */
    public static PythonRandom seeded(String seed) {
        byte[] text = seed.getBytes(StandardCharsets.UTF_8);
        byte[] hash = sha512(text);
        byte[] both = Arrays.copyOf(text, text.length + hash.length);
        System.arraycopy(hash, 0, both, text.length, hash.length);
        return new PythonRandom(new BigInteger(1, both));
    }

    /** Draws a number from [0, 1) with 53 random bits. */
    public double random() {
        long high = words.nextInt() >>> 5;
        long low = words.nextInt() >>> 6;
        return ((high << 26) + low) * 0x1p-53;
    }

    /**
     * Draws {@code bits} random bits.
     *
     * @param bits from 1 to 32
     */
    public long bits(int bits) {
        if (bits < 1 || bits > Integer.SIZE) {
            throw new IllegalArgumentException("from 1 to 32 bits can be drawn, not " + bits);
        }
        return Integer.toUnsignedLong(words.nextInt()) >>> (Integer.SIZE - bits);
    }

    /** Draws from 0…{@code n} − 1, as {@code randrange(n)} does. */
    public int below(int n) {
        if (n < 1) {
            throw new IllegalArgumentException("there is nothing below " + n + " to draw");
        }
        int bits = Integer.SIZE - Integer.numberOfLeadingZeros(n);
        long drawn = bits(bits);
        while (drawn >= n) {
            drawn = bits(bits);
        }
        return (int) drawn;
    }

    /** Draws from {@code least}…{@code most}, both included, as {@code randint} does. */
    public int between(int least, int most) {
        return least + below(most - least + 1);
    }

    /** Chooses one of {@code n} places, as {@code choices(population)} without weights does for each of its draws. */
    public int choice(int n) {
        return (int) Math.floor(random() * n);
    }

    /** Draws {@code k} different places of {@code n}, in the order in which {@code sample(range(n), k)} has them. */
    public int[] sample(int n, int k) {
        if (k < 0 || k > n) {
            throw new IllegalArgumentException("a sample of " + k + " from " + n);
        }
        return n <= poolLimit(k) ? sampleFromPool(n, k) : sampleByRejection(n, k);
    }

    /** Shuffles in place, as {@code shuffle} does. */
    public void shuffle(List<?> list) {
        for (int i = list.size() - 1; i > 0; i--) {
            Collections.swap(list, i, below(i + 1));
        }
    }

    /** Up to how large a population CPython copies instead of keeping a set of what was drawn. */
    private static int poolLimit(int k) {
        int limit = 21;
        if (k > 5) {
            limit += 1 << (2 * (int) Math.ceil(Math.log(3.0 * k) / Math.log(4)));
        }
        return limit;
    }

    private int[] sampleFromPool(int n, int k) {
        int[] pool = IntStream.range(0, n).toArray();
        int[] drawn = new int[k];
        for (int i = 0; i < k; i++) {
            int at = below(n - i);
            drawn[i] = pool[at];
            pool[at] = pool[n - i - 1];
        }
        return drawn;
    }

    private int[] sampleByRejection(int n, int k) {
        Set<Integer> seen = new HashSet<>();
        List<Integer> drawn = new ArrayList<>(k);
        while (drawn.size() < k) {
            int at = below(n);
            if (seen.add(at)) {
                drawn.add(at);
            }
        }
        return drawn.stream().mapToInt(Integer::intValue).toArray();
    }

    /** A number's 32-bit words, the lowest first; 0 has one. */
    private static int[] key(BigInteger seed) {
        int[] key = new int[Math.max(1, (seed.bitLength() + Integer.SIZE - 1) / Integer.SIZE)];
        for (int i = 0; i < key.length; i++) {
            key[i] = seed.shiftRight(Integer.SIZE * i).intValue();
        }
        return key;
    }

    private static byte[] sha512(byte[] text) {
        try {
            return MessageDigest.getInstance("SHA-512").digest(text);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK of ours has SHA-512", e);
        }
    }
}
