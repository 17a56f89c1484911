package ai.rpo.core.tensor.cuda;

import com.sun.jna.Library;
import com.sun.jna.Pointer;

/** Declares what is called of cuBLASLt, NVIDIA's matrix products; a function gives 0, or the number of an error. */
interface CublasLt extends Library {

    int COMPUTE_FLOAT32 = 68; // never TF32
    int FLOAT32 = 0;
    int BFLOAT16 = 14;
    int TRANSPOSE_A = 3;
    int TRANSPOSE_B = 4;
    int MAX_WORKSPACE_BYTES = 1;
    int MIN_ALIGNMENT_A_BYTES = 5; // then those of B, C and D
    int HEURISTIC_BYTES = 96; // the algorithm first

    int cublasLtCreate(long[] handle);

    int cublasLtMatmulDescCreate(long[] product, int compute, int scaleType);

    int cublasLtMatmulDescSetAttribute(long product, int attribute, int[] value, long bytes);

    int cublasLtMatrixLayoutCreate(long[] layout, int type, long rows, long columns, long leading);

    int cublasLtMatmulPreferenceCreate(long[] preference);

    int cublasLtMatmulPreferenceSetAttribute(long preference, int attribute, int[] value, long bytes);

    int cublasLtMatmulPreferenceDestroy(long preference);

    int cublasLtMatmulAlgoGetHeuristic(
            long handle,
            long product,
            long a,
            long b,
            long c,
            long d,
            long preference,
            int wanted,
            Pointer results,
            int[] found);

    int cublasLtMatmul(
            long handle,
            long product,
            float[] alpha,
            long a,
            long aLayout,
            long b,
            long bLayout,
            float[] beta,
            long c,
            long cLayout,
            long d,
            long dLayout,
            Pointer algorithm,
            long workspace,
            long workspaceBytes,
            long stream);
}
