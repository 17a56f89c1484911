package ai.rpo.core.tensor.cpu;

import java.util.Arrays;

/**
 * Computes what the magnitudes of a matrix's rows need: their norms, and columns of its products times a number each.
 */
final class MagnitudeKernel {

    private final WorkerPool pool;
    private final RowMath math;

    MagnitudeKernel(WorkerPool pool, RowMath math) {
        this.pool = pool;
        this.math = math;
    }

    void scale(long x, long row, long out, int rows, int columns) {
        RowBlocks blocks = RowBlocks.of(rows, columns);
        pool.run(blocks.count(), (block, lane) -> {
            float[] factors = lane.array(0, columns);
            float[] a = lane.array(1, columns);
            OffHeap.read(row, factors, 0, columns);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                OffHeap.read(OffHeap.row(x, i, columns), a, 0, columns);
                for (int j = 0; j < columns; j++) {
                    a[j] *= factors[j];
                }
                OffHeap.write(a, 0, OffHeap.row(out, i, columns), columns);
            }
        });
    }

    void dots(long x, long y, long intoRow, int rows, int columns) {
        RowBlocks blocks = RowBlocks.of(rows, columns);
        ColumnSums sums = new ColumnSums(pool.lane(), 0, blocks.count(), columns);
        pool.run(blocks.count(), (block, lane) -> {
            float[] a = lane.array(0, columns);
            float[] b = lane.array(1, columns);
            float[] sum = lane.array(2, columns);
            Arrays.fill(sum, 0, columns, 0);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                OffHeap.read(OffHeap.row(x, i, columns), a, 0, columns);
                OffHeap.read(OffHeap.row(y, i, columns), b, 0, columns);
                for (int j = 0; j < columns; j++) {
                    sum[j] += a[j] * b[j];
                }
            }
            sums.set(block, sum);
        });
        sums.addTo(intoRow);
    }

    void inverseRowNorms(long x, long out, int rows, int columns) {
        RowBlocks blocks = RowBlocks.of(rows, columns);
        pool.run(blocks.count(), (block, lane) -> {
            float[] a = lane.array(0, columns);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                OffHeap.read(OffHeap.row(x, i, columns), a, 0, columns);
                OffHeap.put(out + (long) Float.BYTES * i, (float) (1 / Math.sqrt(math.dot(a, a, columns))));
            }
        });
    }
}
