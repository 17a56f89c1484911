package ai.rpo.core.tensor.cpu;

/**
 * What a matmul primitive is built for; see {@link Gemm} for the names.
 *
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
        boolean bfloat16) {}
