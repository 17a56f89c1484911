package ai.rpo.core.tensor.cpu;

/** Matrix products of one thread, on row-major float32 off the heap. */
interface Gemm {

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

    /** Like {@link #multiply} with alpha 1, for shapes that come again and again, at the backend's precision. */
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
            int strideC);
}
