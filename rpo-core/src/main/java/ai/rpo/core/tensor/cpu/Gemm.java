package ai.rpo.core.tensor.cpu;

/** Matrix products of one thread, on row-major numbers off the heap. */
interface Gemm extends AutoCloseable {

    /**
     * {@code c = alpha·op(a)·op(b) + beta·c} with {@code op(a)} of m×k and {@code op(b)} of k×n.
     *
     * @param strideA elements from one row of {@code a}, as it lies in memory, to the next
     * @param beta where 0, {@code c} is not read
     */
    void multiply(
            boolean transposeA,
            boolean transposeB,
            int m,
            int n,
            int k,
            float alpha,
            long a,
            int strideA,
            long b,
            int strideB,
            float beta,
            long c,
            int strideC);

    /**
     * Multiplies like {@link #multiply} with alpha 1, for shapes that come again and again.
     *
     * @param bfloat16 whether {@code a} and {@code b} are, instead of float32
     */
    void multiplyWeights(
            boolean transposeA,
            boolean transposeB,
            int m,
            int n,
            int k,
            long a,
            int strideA,
            long b,
            int strideB,
            boolean accumulate,
            long c,
            int strideC,
            boolean bfloat16);

    /**
     * Sets {@code c [m, n] = a·bᵀ}, all of float32 and without gaps, for shapes of which exactly the same come again and
     * again.
     *
     * @param a {@code [m, k]}
     * @param b {@code [n, k]}
     */
    void multiplyRecurring(int m, int n, int k, long a, long b, long c);

    /** Rounds so many float32 to bfloat16, to the nearest, ties to even. */
    void round(long from, long to, int length);

    /** Gives back what was made for shapes that came before. */
    @Override
    void close();
}
