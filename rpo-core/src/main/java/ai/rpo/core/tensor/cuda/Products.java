package ai.rpo.core.tensor.cuda;

import com.sun.jna.Memory;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Matrix products through cuBLASLt, with float32 sums: of float32 as it is, or of operands rounded to bfloat16. How
 * each shape is computed is asked for once.
 */
final class Products {

    private static final int WORKSPACE_BYTES = 32 << 20;
    private static final int LARGEST_ALIGNMENT = 256;

    private final Device device;
    private final Kernels kernels;
    private final CublasLt library;
    private final boolean bfloat16;
    private final long handle;
    private final DeviceStorage workspace;
    private final Map<Shape, Plan> plans = new ConcurrentHashMap<>();

    Products(Device device, Kernels kernels, CublasLt library, boolean bfloat16) {
        this.device = device;
        this.kernels = kernels;
        this.library = library;
        this.bfloat16 = bfloat16;
        long[] result = new long[1];
        check(library.cublasLtCreate(result), "start");
        handle = result[0];
        workspace = new DeviceStorage(device, kernels, WORKSPACE_BYTES / Float.BYTES, false);
    }

    /**
     * {@code out [m, n] = op(a)·op(b)}, or that is added; {@code op(a)} is {@code [m, k]}, {@code op(b)}
     * {@code [k, n]}.
     */
    void multiply(
            boolean transposeA,
            boolean transposeB,
            int m,
            int n,
            int k,
            DeviceTensor a,
            DeviceTensor b,
            boolean accumulate,
            DeviceTensor out) {
        if (out.size() == 0) {
            return;
        }
        if (!bfloat16) {
            multiply(transposeA, transposeB, m, n, k, a.address(), b.address(), accumulate, out);
            return;
        }
        try (Scratch left = kernels.rounded(a);
                Scratch right = b.rounded() ? null : kernels.rounded(b)) {
            long rightAddress = right == null ? b.address() : right.address();
            multiply(transposeA, transposeB, m, n, k, left.address(), rightAddress, accumulate, out);
        }
    }

    /** The library reads matrices by columns, so it is asked for the transpose: {@code outᵀ = op(b)ᵀ·op(a)ᵀ}. */
    private void multiply(
            boolean transposeA,
            boolean transposeB,
            int m,
            int n,
            int k,
            long a,
            long b,
            boolean accumulate,
            DeviceTensor out) {
        long c = out.address();
        Shape shape = new Shape(transposeA, transposeB, m, n, k, alignment(a), alignment(b), alignment(c));
        device.makeCurrent();
        Plan plan = plans.computeIfAbsent(shape, this::plan);
        float[] one = {1};
        float[] kept = {accumulate ? 1 : 0};
        int result = library.cublasLtMatmul(
                handle,
                plan.product,
                one,
                b,
                plan.b,
                a,
                plan.a,
                kept,
                c,
                plan.out,
                c,
                plan.out,
                plan.heuristic,
                workspace.at(0),
                WORKSPACE_BYTES,
                0);
        check(result, "compute a product of " + shape);
    }

    private Plan plan(Shape shape) {
        int type = bfloat16 ? CublasLt.BFLOAT16 : CublasLt.FLOAT32;
        long[] product = new long[1];
        check(library.cublasLtMatmulDescCreate(product, CublasLt.COMPUTE_FLOAT32, CublasLt.FLOAT32), "describe");
        set(product[0], CublasLt.TRANSPOSE_A, shape.transposeB);
        set(product[0], CublasLt.TRANSPOSE_B, shape.transposeA);
        long a = shape.transposeA ? layout(type, shape.m, shape.k) : layout(type, shape.k, shape.m);
        long b = shape.transposeB ? layout(type, shape.k, shape.n) : layout(type, shape.n, shape.k);
        long out = layout(CublasLt.FLOAT32, shape.n, shape.m);
        long[] preference = new long[1];
        check(library.cublasLtMatmulPreferenceCreate(preference), "describe");
        int[] alignments = {shape.alignmentB, shape.alignmentA, shape.alignmentOut, shape.alignmentOut};
        prefer(preference[0], CublasLt.MAX_WORKSPACE_BYTES, WORKSPACE_BYTES, 0);
        for (int i = 0; i < alignments.length; i++) {
            prefer(preference[0], CublasLt.MIN_ALIGNMENT_A_BYTES + i, alignments[i]);
        }
        Memory heuristic = new Memory(CublasLt.HEURISTIC_BYTES);
        int[] found = new int[1];
        int result = library.cublasLtMatmulAlgoGetHeuristic(
                handle, product[0], b, a, out, out, preference[0], 1, heuristic, found);
        library.cublasLtMatmulPreferenceDestroy(preference[0]);
        check(result, "find a way to compute a product of " + shape);
        if (found[0] == 0) {
            throw new DeviceException("cuBLASLt has no way to compute a product of " + shape + ".");
        }
        return new Plan(product[0], a, b, out, heuristic);
    }

    private void set(long product, int attribute, boolean transpose) {
        int[] value = {transpose ? 1 : 0};
        check(library.cublasLtMatmulDescSetAttribute(product, attribute, value, Integer.BYTES), "describe");
    }

    private void prefer(long preference, int attribute, int... value) {
        long bytes = (long) Integer.BYTES * value.length;
        check(library.cublasLtMatmulPreferenceSetAttribute(preference, attribute, value, bytes), "describe");
    }

    /** Describes a matrix by columns, without gaps. */
    private long layout(int type, long rows, long columns) {
        long[] layout = new long[1];
        check(library.cublasLtMatrixLayoutCreate(layout, type, rows, columns, rows), "describe");
        return layout[0];
    }

    private static int alignment(long address) {
        return (int) Math.min(LARGEST_ALIGNMENT, Long.lowestOneBit(address));
    }

    private void check(int result, String what) {
        if (result != 0) {
            device.await();
            throw new DeviceException(
                    "Cannot " + what + " with cuBLASLt on " + device.name() + ": its status is " + result + ".");
        }
    }

    private record Shape(
            boolean transposeA,
            boolean transposeB,
            int m,
            int n,
            int k,
            int alignmentA,
            int alignmentB,
            int alignmentOut) {}

    /** Descriptions in the library's memory, and its choice of an algorithm; kept as long as the process lives. */
    private record Plan(long product, long a, long b, long out, Memory heuristic) {}
}
