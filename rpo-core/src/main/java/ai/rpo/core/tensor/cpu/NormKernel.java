package ai.rpo.core.tensor.cpu;

import java.util.Arrays;

/** RMSNorm and its gradients; see {@link ai.rpo.core.tensor.Backend#rmsNorm}. */
final class NormKernel {

    private final WorkerPool pool;
    private final RowMath math;

    NormKernel(WorkerPool pool, RowMath math) {
        this.pool = pool;
        this.math = math;
    }

    void forward(int rows, int columns, long x, long weight, double epsilon, long out, long inverseRms) {
        RowBlocks blocks = RowBlocks.of(rows, columns);
        pool.run(blocks.count(), (block, lane) -> {
            float[] w = lane.array(0, columns);
            float[] a = lane.array(1, columns);
            OffHeap.read(weight, w, 0, columns);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                OffHeap.read(row(x, i, columns), a, 0, columns);
                float r = (float) (1 / Math.sqrt((double) math.dot(a, a, columns) / columns + epsilon));
                OffHeap.put(row(inverseRms, i, 1), r);
                for (int j = 0; j < columns; j++) {
                    a[j] = a[j] * r * w[j];
                }
                OffHeap.write(a, 0, row(out, i, columns), columns);
            }
        });
    }

    void backward(int rows, int columns, long x, long weight, long inverseRms, long dOut, long intoX, long intoWeight) {
        RowBlocks blocks = RowBlocks.of(rows, columns);
        // One partial sum a block, added in order below: the result does not depend on who computed what.
        float[] partial = new float[blocks.count() * columns];
        pool.run(blocks.count(), (block, lane) -> {
            float[] w = lane.array(0, columns);
            float[] a = lane.array(1, columns);
            float[] d = lane.array(2, columns);
            float[] into = lane.array(3, columns);
            float[] dWeight = lane.array(4, columns);
            Arrays.fill(dWeight, 0, columns, 0);
            OffHeap.read(weight, w, 0, columns);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                OffHeap.read(row(x, i, columns), a, 0, columns);
                OffHeap.read(row(dOut, i, columns), d, 0, columns);
                OffHeap.read(row(intoX, i, columns), into, 0, columns);
                float r = OffHeap.get(row(inverseRms, i, 1));
                for (int j = 0; j < columns; j++) {
                    dWeight[j] += d[j] * a[j] * r;
                    d[j] = d[j] * w[j];
                }
                float along = r * r * r * math.dot(d, a, columns) / columns;
                for (int j = 0; j < columns; j++) {
                    into[j] += r * d[j] - along * a[j];
                }
                OffHeap.write(into, 0, row(intoX, i, columns), columns);
            }
            System.arraycopy(dWeight, 0, partial, block * columns, columns);
        });
        float[] sum = new float[columns];
        OffHeap.read(intoWeight, sum, 0, columns);
        for (int block = 0; block < blocks.count(); block++) {
            int from = block * columns;
            for (int j = 0; j < columns; j++) {
                sum[j] += partial[from + j];
            }
        }
        OffHeap.write(sum, 0, intoWeight, columns);
    }

    private static long row(long address, int row, int columns) {
        return address + Float.BYTES * ((long) row * columns);
    }
}
