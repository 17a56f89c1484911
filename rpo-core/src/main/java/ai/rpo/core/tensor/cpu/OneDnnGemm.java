package ai.rpo.core.tensor.cpu;

import static org.bytedeco.dnnl.global.dnnl.dnnl_sgemm;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.blas_set_num_threads;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_sgemm;

import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * One thread's products through oneDNN. Its sgemm without AVX-512 multiplies small operands where they lie, and then
 * loses up to half its speed on columns that are a power of two apart, which evict each other from the cache; those
 * products go to the OpenBLAS that ND4J brings.
 */
final class OneDnnGemm implements Gemm {

    private static final int PRIMITIVES = 512;

    private final OneDnn library;
    private final boolean primitives;
    private final Address a = new Address();
    private final Address b = new Address();
    private final Address c = new Address();
    private final Map<MatmulShape, Matmul> matmuls = new Primitives<>();
    private final Map<Integer, Rounding> roundings = new Primitives<>();

    /** @param primitives use matmul primitives for products of float32 with weights rather than sgemm */
    OneDnnGemm(OneDnn library, boolean primitives) {
        this.library = library;
        this.primitives = primitives;
        if (!primitives) {
            blas_set_num_threads(1);
        }
    }

    @Override
    public void multiply(
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
            int strideC) {
        int status = dnnl_sgemm(
                letter(transposeA),
                letter(transposeB),
                m,
                n,
                k,
                alpha,
                this.a.at(a),
                strideA,
                this.b.at(b),
                strideB,
                beta,
                this.c.at(c),
                strideC);
        OneDnn.check(status, "multiply matrices");
    }

    @Override
    public void multiplyWeights(
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
            boolean bfloat16) {
        if (bfloat16 || primitives && m > 1) { // a single row gains nothing, and a long one is not safe
            MatmulShape shape =
                    new MatmulShape(transposeA, transposeB, m, n, k, strideA, strideB, strideC, accumulate, bfloat16);
            multiply(shape, library.addsWrongly(shape) ? shape : shape.ofAnyTokens(), a, b, c);
        } else if (!primitives
                && inPlace(m, n)
                && (transposeA && strideA % 256 == 0 || !transposeB && strideB % 512 == 0)) {
            cblas_sgemm(
                    CblasRowMajor,
                    transposeA ? CblasTrans : CblasNoTrans,
                    transposeB ? CblasTrans : CblasNoTrans,
                    m,
                    n,
                    k,
                    1,
                    this.a.at(a),
                    strideA,
                    this.b.at(b),
                    strideB,
                    accumulate ? 1 : 0,
                    this.c.at(c),
                    strideC);
        } else {
            multiply(transposeA, transposeB, m, n, k, 1, a, strideA, b, strideB, accumulate ? 1 : 0, c, strideC);
        }
    }

    @Override
    public void multiplyRecurring(int m, int n, int k, long a, long b, long c) {
        if (primitives && m > 1) {
            MatmulShape shape = new MatmulShape(false, true, m, n, k, k, k, n, false, false);
            multiply(shape, shape, a, b, c);
        } else {
            multiplyWeights(false, true, m, n, k, a, k, b, k, false, c, n, false);
        }
    }

    /** @param built the shape of the primitive that does it */
    private void multiply(MatmulShape shape, MatmulShape built, long a, long b, long c) {
        matmuls.computeIfAbsent(built, missing -> new Matmul(library, missing))
                .execute(shape, this.a.at(a), this.b.at(b), this.c.at(c));
    }

    @Override
    public void round(long from, long to, int length) {
        roundings
                .computeIfAbsent(length, missing -> new Rounding(library, missing))
                .execute(a.at(from), c.at(to));
    }

    @Override
    public void close() {
        matmuls.values().forEach(Primitive::close);
        matmuls.clear();
        roundings.values().forEach(Primitive::close);
        roundings.clear();
    }

    /** Tells whether sgemm multiplies operands of that size where they lie (in oneDNN, {@code FORCE_NOCOPY_THRESH}). */
    private static boolean inPlace(int m, int n) {
        return 1.0 / m + 1.0 / n >= 0.0038;
    }

    private static byte letter(boolean transpose) {
        return (byte) (transpose ? 'T' : 'N');
    }

    /** Those used latest; the others are closed. */
    private static final class Primitives<K, V extends Primitive> extends LinkedHashMap<K, V> {

        private static final long serialVersionUID = 1L;

        Primitives() {
            super(PRIMITIVES, 0.75f, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
            if (size() <= PRIMITIVES) {
                return false;
            }
            eldest.getValue().close();
            return true;
        }
    }

    /** A pointer that can be aimed without a new object. */
    private static final class Address extends FloatPointer {

        Address() {
            super((Pointer) null);
        }

        Address at(long address) {
            this.address = address;
            return this;
        }
    }
}
