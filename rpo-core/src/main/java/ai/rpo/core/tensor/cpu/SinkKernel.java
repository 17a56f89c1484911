package ai.rpo.core.tensor.cpu;

import ai.rpo.core.tensor.AttentionShape;
import java.util.Arrays;

/** Scores that softmaxes look at and that have no value, after attention without them. */
final class SinkKernel {

    private final WorkerPool pool;
    private final RowMath math;

    SinkKernel(WorkerPool pool, RowMath math) {
        this.pool = pool;
        this.math = math;
    }

    void forward(int rows, AttentionShape shape, long sinks, long out, long logSumExp) {
        int heads = shape.heads();
        int width = shape.headDim();
        RowBlocks blocks = RowBlocks.of(rows, shape.queryColumns());
        pool.run(blocks.count(), (block, lane) -> {
            float[] mixed = lane.array(0, shape.queryColumns());
            float[] lse = lane.array(1, heads);
            float[] sink = lane.array(2, heads);
            OffHeap.read(sinks, sink, 0, heads);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                OffHeap.read(OffHeap.row(out, i, shape.queryColumns()), mixed, 0, shape.queryColumns());
                OffHeap.read(OffHeap.row(logSumExp, i, heads), lse, 0, heads);
                for (int h = 0; h < heads; h++) {
                    double above = (double) sink[h] - lse[h];
                    double grown = Math.max(above, 0) + Math.log1p(Math.exp(-Math.abs(above)));
                    float share = (float) Math.exp(-grown);
                    for (int c = h * width; c < (h + 1) * width; c++) {
                        mixed[c] *= share;
                    }
                    lse[h] += (float) grown;
                }
                OffHeap.write(mixed, 0, OffHeap.row(out, i, shape.queryColumns()), shape.queryColumns());
                OffHeap.write(lse, 0, OffHeap.row(logSumExp, i, heads), heads);
            }
        });
    }

    void backward(int rows, AttentionShape shape, long sinks, long out, long logSumExp, long dOut, long intoSinks) {
        int heads = shape.heads();
        int width = shape.headDim();
        RowBlocks blocks = RowBlocks.of(rows, shape.queryColumns());
        ColumnSums sums = new ColumnSums(pool.lane(), 0, blocks.count(), heads);
        pool.run(blocks.count(), (block, lane) -> {
            float[] mixed = lane.array(0, width);
            float[] d = lane.array(1, width);
            float[] share = lane.array(2, heads);
            float[] sum = lane.array(3, heads);
            Arrays.fill(sum, 0, heads, 0);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                shares(sinks, OffHeap.row(logSumExp, i, heads), share, heads);
                for (int h = 0; h < heads; h++) {
                    long column = (long) Float.BYTES * h * width;
                    OffHeap.read(OffHeap.row(out, i, shape.queryColumns()) + column, mixed, 0, width);
                    OffHeap.read(OffHeap.row(dOut, i, shape.queryColumns()) + column, d, 0, width);
                    sum[h] -= share[h] * math.dot(mixed, d, width);
                }
            }
            sums.set(block, sum);
        });
        sums.addTo(intoSinks);
    }

    private static void shares(long sinks, long logSumExp, float[] share, int heads) {
        for (int h = 0; h < heads; h++) {
            long at = (long) Float.BYTES * h;
            share[h] = (float) Math.exp((double) OffHeap.get(sinks + at) - OffHeap.get(logSumExp + at));
        }
    }
}
