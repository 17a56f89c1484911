package ai.rpo.core.tensor.cpu;

/**
 * The loops that a JIT compiler does not turn into vector code by itself: reductions and exponentials of array ranges.
 */
interface RowMath {

    /** Says for the log what it is and what it runs on. */
    String describe();

    /** {@code Σ a[i]·b[i]} over the first {@code length} elements. */
    float dot(float[] a, float[] b, int length);

    /** Returns {@code Σ a[first + i]·b[i]} over {@code length} elements, {@code a} of bfloat16. */
    float dot(short[] a, int first, float[] b, int length);

    /** Sums the first {@code length} elements. */
    float sum(float[] x, int length);

    /** The largest of the first {@code length} elements; there is at least one. NaN if one is NaN. */
    float max(float[] x, int length);

    /**
     * {@code x[i] = exp(x[i] − shift)}, and the sum of these; accurate to 2e-7 relative, 0 where exp underflows.
     *
     * @param shift at most {@link Exponential#HIGHEST} below the largest element
     */
    float exponentials(float[] x, int length, float shift);

    /** The numbers that {@code length} of bfloat16 are. */
    void widen(short[] from, int first, float[] to, int length);

    /** {@code x[i] = 1/(1 + exp(−x[i]))}. */
    void sigmoid(float[] x, int length);
}
