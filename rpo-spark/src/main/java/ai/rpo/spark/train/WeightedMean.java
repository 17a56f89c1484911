package ai.rpo.spark.train;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;

/** The mean of several workers' numbers, weighted by the pairs each has seen, summed in double in the order of adding. */
final class WeightedMean {

    /** Numbers summed at once, few enough that the sums stay in a core's cache. */
    private static final int WINDOW = 1 << 13;

    private final long pairs;
    private long added;
    private double[] sums;
    private ByteBuffer result;
    private long nanos;

    /** @param pairs of all parts that will be added */
    WeightedMean(long pairs) {
        this.pairs = pairs;
    }

    /**
     * @param bytes of float32 numbers
     * @param pairs their weight
     */
    record Part(ByteBuffer bytes, long pairs) {}

    /** Adds parts of equal length, in this order. */
    void add(List<Part> parts) {
        long began = System.nanoTime();
        added += parts.stream().mapToLong(Part::pairs).sum();
        List<FloatBuffer> numbers =
                parts.stream().map(part -> NetworkState.floats(part.bytes())).toList();
        int length = numbers.get(0).remaining();
        boolean first = sums == null;
        boolean last = added == pairs;
        if (first && !last) {
            sums = new double[length];
        }
        if (last) {
            result = ByteBuffer.allocate(Math.multiplyExact(length, Float.BYTES));
        }
        double[] window = new double[Math.min(WINDOW, length)];
        float[] values = new float[window.length];
        FloatBuffer means = last ? NetworkState.floats(result) : null;
        for (int done = 0; done < length; done += WINDOW) {
            int count = Math.min(WINDOW, length - done);
            if (first) {
                Arrays.fill(window, 0, count, 0);
            } else {
                System.arraycopy(sums, done, window, 0, count);
            }
            for (int part = 0; part < numbers.size(); part++) {
                numbers.get(part).get(values, 0, count);
                addWeighted(window, values, count, (double) parts.get(part).pairs() / pairs);
            }
            if (last) {
                round(window, values, count);
                means.put(values, 0, count);
            } else {
                System.arraycopy(window, 0, sums, done, count);
            }
        }
        nanos += System.nanoTime() - began;
    }

    /** @throws IllegalStateException unless all parts have been added */
    ByteBuffer toBytes() {
        if (result == null) {
            throw new IllegalStateException("Only " + added + " of " + pairs + " pairs have been added.");
        }
        return result;
    }

    /** Time spent on arithmetic. */
    long nanos() {
        return nanos;
    }

    static void addWeighted(double[] sums, float[] values, int count, double weight) {
        for (int i = 0; i < count; i++) {
            sums[i] += weight * values[i];
        }
    }

    static void round(double[] sums, float[] values, int count) {
        for (int i = 0; i < count; i++) {
            values[i] = (float) sums[i];
        }
    }
}
