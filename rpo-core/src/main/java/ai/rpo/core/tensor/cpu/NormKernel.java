package ai.rpo.core.tensor.cpu;

import ai.rpo.core.tensor.AttentionShape;
import java.util.Arrays;

/** RMSNorm of rows and of heads, LayerNorm, and their gradients; the equations stand at {@code Backend}. */
final class NormKernel {

    private final WorkerPool pool;
    private final RowMath math;

    NormKernel(WorkerPool pool, RowMath math) {
        this.pool = pool;
        this.math = math;
    }

    void rms(int rows, int columns, long x, long weight, double epsilon, long out, long inverseRms) {
        RowBlocks blocks = RowBlocks.of(rows, columns);
        pool.run(blocks.count(), (block, lane) -> {
            float[] w = lane.array(0, columns);
            float[] a = lane.array(1, columns);
            OffHeap.read(weight, w, 0, columns);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                OffHeap.read(OffHeap.row(x, i, columns), a, 0, columns);
                OffHeap.put(OffHeap.row(inverseRms, i, 1), rms(a, w, columns, epsilon));
                OffHeap.write(a, 0, OffHeap.row(out, i, columns), columns);
            }
        });
    }

    void rmsBackward(
            int rows, int columns, long x, long weight, long inverseRms, long dOut, long intoX, long intoWeight) {
        RowBlocks blocks = RowBlocks.of(rows, columns);
        ColumnSums dWeights = new ColumnSums(pool.lane(), 0, blocks.count(), columns);
        pool.run(blocks.count(), (block, lane) -> {
            float[] w = lane.array(0, columns);
            float[] a = lane.array(1, columns);
            float[] d = lane.array(2, columns);
            float[] into = lane.array(3, columns);
            float[] dWeight = lane.array(4, columns);
            Arrays.fill(dWeight, 0, columns, 0);
            OffHeap.read(weight, w, 0, columns);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                OffHeap.read(OffHeap.row(x, i, columns), a, 0, columns);
                OffHeap.read(OffHeap.row(dOut, i, columns), d, 0, columns);
                OffHeap.read(OffHeap.row(intoX, i, columns), into, 0, columns);
                rmsBackward(a, w, d, OffHeap.get(OffHeap.row(inverseRms, i, 1)), columns, dWeight);
                for (int j = 0; j < columns; j++) {
                    into[j] += d[j];
                }
                OffHeap.write(into, 0, OffHeap.row(intoX, i, columns), columns);
            }
            dWeights.set(block, dWeight);
        });
        dWeights.addTo(intoWeight);
    }

    /** Query heads with one weight, key heads with another; values are copied. */
    void heads(
            int rows,
            AttentionShape shape,
            long fused,
            long queryWeight,
            long keyWeight,
            double epsilon,
            long out,
            long inverseRms) {
        int width = shape.headDim();
        int normed = shape.heads() + shape.keyValueHeads();
        RowBlocks blocks = RowBlocks.of(rows, shape.fusedColumns());
        pool.run(blocks.count(), (block, lane) -> {
            float[] query = lane.array(0, width);
            float[] key = lane.array(1, width);
            float[] a = lane.array(2, width);
            OffHeap.read(queryWeight, query, 0, width);
            OffHeap.read(keyWeight, key, 0, width);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                long from = OffHeap.row(fused, i, shape.fusedColumns());
                long to = OffHeap.row(out, i, shape.fusedColumns());
                for (int head = 0; head < normed; head++) {
                    OffHeap.read(OffHeap.row(from, head, width), a, 0, width);
                    float r = rms(a, head < shape.heads() ? query : key, width, epsilon);
                    OffHeap.put(OffHeap.row(inverseRms, i, normed) + (long) Float.BYTES * head, r);
                    OffHeap.write(a, 0, OffHeap.row(to, head, width), width);
                }
                OffHeap.copy(OffHeap.row(from, normed, width), OffHeap.row(to, normed, width), shape.keyColumns());
            }
        });
    }

    void headsBackward(
            int rows,
            AttentionShape shape,
            long fused,
            long queryWeight,
            long keyWeight,
            long inverseRms,
            long gradient,
            long intoQueryWeight,
            long intoKeyWeight) {
        int width = shape.headDim();
        int normed = shape.heads() + shape.keyValueHeads();
        RowBlocks blocks = RowBlocks.of(rows, shape.fusedColumns());
        ColumnSums dQueries = new ColumnSums(pool.lane(), 0, blocks.count(), width);
        ColumnSums dKeys = new ColumnSums(pool.lane(), 1, blocks.count(), width);
        pool.run(blocks.count(), (block, lane) -> {
            float[] query = lane.array(0, width);
            float[] key = lane.array(1, width);
            float[] a = lane.array(2, width);
            float[] d = lane.array(3, width);
            float[] dQuery = lane.array(4, width);
            float[] dKey = lane.array(5, width);
            Arrays.fill(dQuery, 0, width, 0);
            Arrays.fill(dKey, 0, width, 0);
            OffHeap.read(queryWeight, query, 0, width);
            OffHeap.read(keyWeight, key, 0, width);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                for (int head = 0; head < normed; head++) {
                    boolean isQuery = head < shape.heads();
                    long at = OffHeap.row(OffHeap.row(gradient, i, shape.fusedColumns()), head, width);
                    OffHeap.read(OffHeap.row(OffHeap.row(fused, i, shape.fusedColumns()), head, width), a, 0, width);
                    OffHeap.read(at, d, 0, width);
                    float r = OffHeap.get(OffHeap.row(inverseRms, i, normed) + (long) Float.BYTES * head);
                    rmsBackward(a, isQuery ? query : key, d, r, width, isQuery ? dQuery : dKey);
                    OffHeap.write(d, 0, at, width);
                }
            }
            dQueries.set(block, dQuery);
            dKeys.set(block, dKey);
        });
        dQueries.addTo(intoQueryWeight);
        dKeys.addTo(intoKeyWeight);
    }

    void layer(int rows, int columns, long x, long weight, long bias, double epsilon, long out, long meanAndInverse) {
        RowBlocks blocks = RowBlocks.of(rows, columns);
        pool.run(blocks.count(), (block, lane) -> {
            float[] w = lane.array(0, columns);
            float[] b = lane.array(1, columns);
            float[] a = lane.array(2, columns);
            OffHeap.read(weight, w, 0, columns);
            OffHeap.read(bias, b, 0, columns);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                OffHeap.read(OffHeap.row(x, i, columns), a, 0, columns);
                float mean = math.sum(a, columns) / columns;
                for (int j = 0; j < columns; j++) {
                    a[j] -= mean;
                }
                float r = inverseRms(a, columns, epsilon);
                for (int j = 0; j < columns; j++) {
                    a[j] = a[j] * r * w[j] + b[j];
                }
                OffHeap.write(a, 0, OffHeap.row(out, i, columns), columns);
                OffHeap.put(OffHeap.row(meanAndInverse, i, 2), mean);
                OffHeap.put(OffHeap.row(meanAndInverse, i, 2) + Float.BYTES, r);
            }
        });
    }

    void layerBackward(
            int rows,
            int columns,
            long x,
            long weight,
            long meanAndInverse,
            long dOut,
            long intoX,
            long intoWeight,
            long intoBias) {
        RowBlocks blocks = RowBlocks.of(rows, columns);
        ColumnSums dWeights = new ColumnSums(pool.lane(), 0, blocks.count(), columns);
        ColumnSums dBiases = new ColumnSums(pool.lane(), 1, blocks.count(), columns);
        pool.run(blocks.count(), (block, lane) -> {
            float[] w = lane.array(0, columns);
            float[] a = lane.array(1, columns);
            float[] d = lane.array(2, columns);
            float[] into = lane.array(3, columns);
            float[] dWeight = lane.array(4, columns);
            float[] dBias = lane.array(5, columns);
            Arrays.fill(dWeight, 0, columns, 0);
            Arrays.fill(dBias, 0, columns, 0);
            OffHeap.read(weight, w, 0, columns);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                OffHeap.read(OffHeap.row(x, i, columns), a, 0, columns);
                OffHeap.read(OffHeap.row(dOut, i, columns), d, 0, columns);
                OffHeap.read(OffHeap.row(intoX, i, columns), into, 0, columns);
                float mean = OffHeap.get(OffHeap.row(meanAndInverse, i, 2));
                float r = OffHeap.get(OffHeap.row(meanAndInverse, i, 2) + Float.BYTES);
                for (int j = 0; j < columns; j++) {
                    a[j] = (a[j] - mean) * r;
                    dBias[j] += d[j];
                    dWeight[j] += d[j] * a[j];
                    d[j] *= w[j];
                }
                float average = math.sum(d, columns) / columns;
                float along = math.dot(d, a, columns) / columns;
                for (int j = 0; j < columns; j++) {
                    into[j] += r * (d[j] - average - along * a[j]);
                }
                OffHeap.write(into, 0, OffHeap.row(intoX, i, columns), columns);
            }
            dWeights.set(block, dWeight);
            dBiases.set(block, dBias);
        });
        dWeights.addTo(intoWeight);
        dBiases.addTo(intoBias);
    }

    /** {@code x *= r·weight}; returns r. */
    private float rms(float[] x, float[] weight, int length, double epsilon) {
        float r = inverseRms(x, length, epsilon);
        for (int j = 0; j < length; j++) {
            x[j] = x[j] * r * weight[j];
        }
        return r;
    }

    /** Turns the gradient {@code d} of the result into that of {@code x}. */
    private void rmsBackward(float[] x, float[] weight, float[] d, float r, int length, float[] intoWeight) {
        for (int j = 0; j < length; j++) {
            intoWeight[j] += d[j] * x[j] * r;
        }
        for (int j = 0; j < length; j++) {
            d[j] *= weight[j];
        }
        float along = r * r * r * math.dot(d, x, length) / length;
        for (int j = 0; j < length; j++) {
            d[j] = r * d[j] - along * x[j];
        }
    }

    private float inverseRms(float[] x, int length, double epsilon) {
        return (float) (1 / Math.sqrt((double) math.dot(x, x, length) / length + epsilon));
    }
}
