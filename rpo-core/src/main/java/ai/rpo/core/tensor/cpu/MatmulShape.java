package ai.rpo.core.tensor.cpu;

/**
 * What a matmul primitive is built for; see {@link Gemm} for the names.
 *
 * @param m or {@link #ANY}
 * @param k or {@link #ANY}
 * @param bfloat16 whether both operands are; the result is float32 always
 */
record MatmulShape(
        boolean transposeA,
        boolean transposeB,
        int m,
        int n,
        int k,
        int strideA,
        int strideB,
        int strideC,
        boolean accumulate,
        boolean bfloat16) {

    static final int ANY = -1;

    /** The same product for any number of tokens: rows of {@code a} as it lies in memory. */
    MatmulShape ofAnyTokens() {
        return new MatmulShape(
                transposeA,
                transposeB,
                transposeA ? m : ANY,
                n,
                transposeA ? ANY : k,
                strideA,
                strideB,
                strideC,
                accumulate,
                bfloat16);
    }
}
