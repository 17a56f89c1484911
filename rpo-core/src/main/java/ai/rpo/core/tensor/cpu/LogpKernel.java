package ai.rpo.core.tensor.cpu;

/** Log-probabilities of targets under rows of logits, and their gradient in place; each row in cache-sized chunks. */
final class LogpKernel {

    private static final int CHUNK = 4096;

    private final WorkerPool pool;
    private final RowMath math;

    LogpKernel(WorkerPool pool, RowMath math) {
        this.pool = pool;
        this.math = math;
    }

    void forward(int rows, int columns, long logits, int[] targets, int from, double[] logps, long logSumExp) {
        RowBlocks blocks = RowBlocks.of(rows, columns);
        pool.run(blocks.count(), (block, lane) -> {
            float[] x = lane.array(0, CHUNK);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                long row = OffHeap.row(logits, i, columns);
                double max = Double.NEGATIVE_INFINITY;
                double sum = 0; // of exp(logit − max) over the chunks so far
                for (int start = 0; start < columns; start += CHUNK) {
                    int length = Math.min(CHUNK, columns - start);
                    OffHeap.read(row + (long) Float.BYTES * start, x, 0, length);
                    double larger = Math.max(max, math.max(x, length));
                    sum = sum * Math.exp(max - larger) + math.exponentials(x, length, (float) larger);
                    max = larger;
                }
                float target = OffHeap.get(row + (long) Float.BYTES * targets[from + i]);
                double logSum = Math.log(sum);
                logps[from + i] = target - max - logSum;
                OffHeap.put(OffHeap.row(logSumExp, i, 1), (float) (max + logSum));
            }
        });
    }

    void backward(int rows, int columns, long logits, long logSumExp, int[] targets, int from, double[] coefficients) {
        RowBlocks blocks = RowBlocks.of(rows, columns);
        pool.run(blocks.count(), (block, lane) -> {
            float[] x = lane.array(0, CHUNK);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                long row = OffHeap.row(logits, i, columns);
                float coefficient = (float) coefficients[from + i];
                float lse = OffHeap.get(OffHeap.row(logSumExp, i, 1));
                for (int start = 0; start < columns; start += CHUNK) {
                    int length = Math.min(CHUNK, columns - start);
                    OffHeap.read(row + (long) Float.BYTES * start, x, 0, length);
                    math.exponentials(x, length, lse);
                    for (int j = 0; j < length; j++) {
                        x[j] *= -coefficient;
                    }
                    OffHeap.write(x, 0, row + (long) Float.BYTES * start, length);
                }
                long target = row + (long) Float.BYTES * targets[from + i];
                OffHeap.put(target, OffHeap.get(target) + coefficient);
            }
        });
    }
}
