package ai.rpo.core.tensor.cpu;

/**
 * Products of float32 with weights that lie in bfloat16, which are exact: a number of bfloat16 is one of float32. A thread
 * widens as many weights as its cache holds and multiplies them there, so that half as much is read from memory, and where
 * a few rows are multiplied nothing else takes time.
 */
final class WidenedProducts {

    private static final int AT_ONCE = 1 << 17; // numbers that stay in the second-level cache
    private static final int PIECE = 1 << 13; // and in the first-level cache
    private static final int GRAIN = 48; // a multiple of what micro-kernels compute at once
    private static final int TILES_PER_THREAD = 2;
    private static final int WIDE = 240; // by many rows, a product with fewer columns loses more than the cache wins
    private static final int ALONE = 5; // by fewer rows, a product is a row of dot products
    private static final int WIDENED = 6; // slots of the lane
    private static final int ALL_WIDENED = 7;

    private final WorkerPool pool;
    private final RowMath math;
    private final ProductKernel products;

    WidenedProducts(WorkerPool pool, RowMath math, ProductKernel products) {
        this.pool = pool;
        this.math = math;
        this.products = products;
    }

    /** {@code c [m, n] = a·op(b)}, or {@code c += …}, with {@code b} of bfloat16; all without gaps between their rows. */
    void multiply(boolean transposeB, int m, int n, int k, long a, long b, boolean accumulate, long c) {
        if (!transposeB || m == 0 || n == 0 || k == 0) {
            long size = (long) k * n;
            long wide = pool.lane().memory(ALL_WIDENED, size);
            pool.run(Math.toIntExact((size + AT_ONCE - 1) / AT_ONCE), (task, lane) -> {
                long from = (long) task * AT_ONCE;
                widen(lane, b + Short.BYTES * from, (int) Math.min(AT_ONCE, size - from), wide + Float.BYTES * from);
            });
            products.multiply(false, transposeB, m, n, k, a, wide, accumulate, c);
            return;
        }
        int width = tileWidth(m, n, k);
        pool.run((n + width - 1) / width, (tile, lane) -> {
            int from = tile * width;
            int size = Math.min(width, n - from);
            long weights = b + (long) Short.BYTES * from * k;
            long out = c + (long) Float.BYTES * from;
            if (m < ALONE) {
                dots(lane, m, size, k, a, weights, accumulate, out, n);
                return;
            }
            long wide = lane.memory(WIDENED, (long) size * k);
            widen(lane, weights, size * k, wide);
            if (FewRows.suit(m)) {
                FewRows.multiply(lane, m, size, k, a, wide, accumulate, out, n);
            } else {
                lane.gemm().multiplyWeights(false, true, m, size, k, a, k, wide, k, accumulate, out, n, false);
            }
        });
    }

    private int tileWidth(int m, int n, int k) {
        int least = m < WIDE ? GRAIN : WIDE;
        int inCache = Math.max(least, AT_ONCE / k / GRAIN * GRAIN);
        int share = (n + TILES_PER_THREAD * pool.threads() - 1) / (TILES_PER_THREAD * pool.threads());
        return Math.min(inCache, (share + GRAIN - 1) / GRAIN * GRAIN);
    }

    private void widen(Lane lane, long from, int size, long to) {
        float[] numbers = lane.array(0, PIECE);
        short[] halves = lane.halves(PIECE);
        for (int done = 0; done < size; done += PIECE) {
            int length = Math.min(PIECE, size - done);
            OffHeap.read(from + (long) Short.BYTES * done, halves, length);
            math.widen(halves, 0, numbers, length);
            OffHeap.write(numbers, 0, to + (long) Float.BYTES * done, length);
        }
    }

    /** Multiplies a few rows {@code a [m, k]} with each of {@code weights [size, k]}. */
    private void dots(
            Lane lane, int m, int size, int k, long a, long weights, boolean accumulate, long out, int stride) {
        int atOnce = Math.max(1, PIECE / k);
        short[] halves = lane.halves(atOnce * k);
        float[][] rows = new float[m][];
        for (int i = 0; i < m; i++) {
            rows[i] = lane.array(i, k);
            OffHeap.read(OffHeap.row(a, i, k), rows[i], 0, k);
        }
        for (int j = 0; j < size; j++) {
            if (j % atOnce == 0) {
                OffHeap.read(weights + (long) Short.BYTES * j * k, halves, Math.min(atOnce, size - j) * k);
            }
            for (int i = 0; i < m; i++) {
                long to = OffHeap.row(out, i, stride) + (long) Float.BYTES * j;
                OffHeap.put(to, (accumulate ? OffHeap.get(to) : 0) + math.dot(halves, j % atOnce * k, rows[i], k));
            }
        }
    }
}
