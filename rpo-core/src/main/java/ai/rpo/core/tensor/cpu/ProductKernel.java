package ai.rpo.core.tensor.cpu;

/** Products with weights, cut into tiles that the threads compute alone. */
final class ProductKernel {

    private static final int TILE =
            640; // wide enough that packing the other operand again hardly counts, and that oneDNN does pack
    private static final int GRAIN = 48; // a multiple of what micro-kernels compute at once
    private static final int TILES_PER_THREAD = 2; // so that a thread that is held up does not hold up the others
    private static final long ALONE = 1 << 18; // multiplications not worth waking a thread for

    private final WorkerPool pool;

    ProductKernel(WorkerPool pool) {
        this.pool = pool;
    }

    /** {@code c = op(a)·op(b)}, or {@code c += …}; all matrices without gaps between their rows. */
    void multiply(
            boolean transposeA, boolean transposeB, int m, int n, int k, long a, long b, boolean accumulate, long c) {
        if (m == 0 || n == 0) {
            return;
        }
        if (k == 0) {
            if (!accumulate) {
                OffHeap.zero(c, (long) m * n);
            }
            return;
        }
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
                                a + Float.BYTES * firstA,
                                strideA,
                                b,
                                strideB,
                                accumulate,
                                c + Float.BYTES * ((long) from * n),
                                n);
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
                                b + Float.BYTES * firstB,
                                strideB,
                                accumulate,
                                c + (long) Float.BYTES * from,
                                n);
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
