package ai.rpo.core.tensor.cpu;

/**
 * Products with weights, cut into tiles that the threads compute alone. Where products are of bfloat16, both operands are
 * rounded for each product: each number once, while it is multiplied by hundreds.
 */
final class ProductKernel {

    private static final int TILE =
            640; // wide enough that packing the other operand again hardly counts, and that oneDNN does pack
    private static final int GRAIN = 48; // a multiple of what micro-kernels compute at once
    private static final int TILES_PER_THREAD = 2; // so that a thread that is held up does not hold up the others
    private static final long ALONE = 1 << 18; // multiplications not worth waking a thread for

    private static final int ROUNDED = 16; // by fewer rows than that, reading numbers twice costs more than is won
    private static final int ROUNDED_AT_ONCE = 1 << 16;
    private static final int ROUNDED_A = 6; // slots of the caller's lane
    private static final int ROUNDED_B = 7;

    private final WorkerPool pool;
    private final boolean bfloat16;

    /** @param bfloat16 round the operands */
    ProductKernel(WorkerPool pool, boolean bfloat16) {
        this.pool = pool;
        this.bfloat16 = bfloat16;
    }

    /** {@code c = op(a)·op(b)}, or {@code c += …}; all matrices without gaps between their rows. */
    void multiply(
            boolean transposeA, boolean transposeB, int m, int n, int k, long a, long b, boolean accumulate, long c) {
        if (isEmpty(m, n, k, accumulate, c)) {
            return;
        }
        if (bfloat16 && Math.min(Math.min(m, n), k) >= ROUNDED) {
            long roundedA = rounded(a, (long) m * k, ROUNDED_A);
            long roundedB = rounded(b, (long) k * n, ROUNDED_B);
            multiply(transposeA, transposeB, m, n, k, roundedA, roundedB, accumulate, c, Short.BYTES);
        } else {
            multiply(transposeA, transposeB, m, n, k, a, b, accumulate, c, Float.BYTES);
        }
    }

    /** {@code c = a·op(b)}, or {@code c += …}, where {@code b} is of bfloat16 already. */
    void multiplyRounded(boolean transposeB, int m, int n, int k, long a, long b, boolean accumulate, long c) {
        if (!isEmpty(m, n, k, accumulate, c)) {
            long roundedA = rounded(a, (long) m * k, ROUNDED_A);
            multiply(false, transposeB, m, n, k, roundedA, b, accumulate, c, Short.BYTES);
        }
    }

    private static boolean isEmpty(int m, int n, int k, boolean accumulate, long c) {
        if (k == 0 && !accumulate) {
            OffHeap.zero(c, (long) m * n);
        }
        return m == 0 || n == 0 || k == 0;
    }

    private long rounded(long numbers, long size, int slot) {
        long to = pool.lane().memory(slot, (size + 1) / 2);
        pool.run(Math.toIntExact((size + ROUNDED_AT_ONCE - 1) / ROUNDED_AT_ONCE), (task, lane) -> {
            long from = (long) task * ROUNDED_AT_ONCE;
            int length = (int) Math.min(ROUNDED_AT_ONCE, size - from);
            lane.gemm().round(numbers + Float.BYTES * from, to + Short.BYTES * from, length);
        });
        return to;
    }

    /** @param bytes of an element of {@code a} and {@code b} */
    private void multiply(
            boolean transposeA,
            boolean transposeB,
            int m,
            int n,
            int k,
            long a,
            long b,
            boolean accumulate,
            long c,
            int bytes) {
        int strideA = transposeA ? m : k;
        int strideB = transposeB ? k : n;
        boolean byRows = m >= n; // the shorter operand is the one to read again for every tile
        int extent = byRows ? m : n;
        int width = tileWidth(extent, (long) m * n * k);
        int tiles = (extent + width - 1) / width;
        pool.run(tiles, (tile, lane) -> {
            int from = tile * width;
            int size = Math.min(width, extent - from);
            if (byRows) {
                long firstA = transposeA ? from : (long) from * k;
                lane.gemm()
                        .multiplyWeights(
                                transposeA,
                                transposeB,
                                size,
                                n,
                                k,
                                a + bytes * firstA,
                                strideA,
                                b,
                                strideB,
                                accumulate,
                                c + Float.BYTES * ((long) from * n),
                                n,
                                bytes == Short.BYTES);
            } else if (!transposeA && transposeB && bytes == Float.BYTES && FewRows.suit(m)) {
                long weights = OffHeap.row(b, from, k);
                FewRows.multiply(lane, m, size, k, a, weights, accumulate, c + (long) Float.BYTES * from, n);
            } else {
                long firstB = transposeB ? (long) from * k : from;
                lane.gemm()
                        .multiplyWeights(
                                transposeA,
                                transposeB,
                                m,
                                size,
                                k,
                                a,
                                strideA,
                                b + bytes * firstB,
                                strideB,
                                accumulate,
                                c + (long) Float.BYTES * from,
                                n,
                                bytes == Short.BYTES);
            }
        });
    }

    private int tileWidth(int extent, long work) {
        int threads = pool.threads();
        if (threads == 1 || work < ALONE) {
            return extent;
        }
        int rounds = Math.max(1, Math.min(TILES_PER_THREAD, Math.round((float) extent / TILE / threads)));
        int tiles = rounds * threads;
        int width = (extent + tiles - 1) / tiles;
        return (width + GRAIN - 1) / GRAIN * GRAIN;
    }
}
