package ai.rpo.core.tensor.cpu;

/**
 * Says what a matmul primitive is built for; see {@link Gemm} for the names.
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

    private static final int LONGEST_SINGLE_ROW = 1024;

    /**
     * @throws IllegalArgumentException if that is a single row of more than 1024 numbers of float32: with AVX-512,
     *     oneDNN 3.11 writes past its own scratch memory then, which breaks the heap of the process
     */
    MatmulShape {
        if (m == 1 && k > LONGEST_SINGLE_ROW && !bfloat16) {
            throw new IllegalArgumentException("a single row of " + k + " numbers is not safe with oneDNN");
        }
    }

    /** Gives the same product for any number of tokens: rows of {@code a} as it lies in memory. */
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
