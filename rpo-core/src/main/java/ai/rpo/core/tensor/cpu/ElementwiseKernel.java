package ai.rpo.core.tensor.cpu;

import ai.rpo.core.tensor.Noise;
import java.util.Arrays;

/** Operations that look at one element, or move whole rows. */
final class ElementwiseKernel {

    private static final int CHUNK =
            1 << 12; // elements to a task: what it reads and writes stays in the first-level cache

    private final WorkerPool pool;
    private final RowMath math;

    ElementwiseKernel(WorkerPool pool, RowMath math) {
        this.pool = pool;
        this.math = math;
    }

    void zero(long out, long size) {
        inChunks(size, (from, length, lane) -> OffHeap.zero(out + from, length));
    }

    void copy(long x, long out, long size) {
        inChunks(size, (from, length, lane) -> OffHeap.copy(x + from, out + from, length));
    }

    void add(long x, long into, long size) {
        inChunks(size, (from, length, lane) -> addRange(x + from, into + from, length, lane));
    }

    void scale(long x, double factor, long size) {
        float f = (float) factor;
        inChunks(size, (from, length, lane) -> {
            float[] a = lane.array(0, length);
            OffHeap.read(x + from, a, 0, length);
            for (int i = 0; i < length; i++) {
                a[i] *= f;
            }
            OffHeap.write(a, 0, x + from, length);
        });
    }

    /** One sum for each chunk, joined in their order, so that it does not depend on who computed what. */
    double sumOfSquares(long x, long size) {
        double[] sums = new double[chunks(size)];
        inChunks(size, (from, length, lane) -> {
            float[] a = lane.array(0, length);
            OffHeap.read(x + from, a, 0, length);
            sums[(int) (from / Float.BYTES / CHUNK)] = math.dot(a, a, length);
        });
        return Arrays.stream(sums).sum();
    }

    /** {@code x = cap·tanh(x/cap)}. */
    void softCap(long x, double cap, long size) {
        inChunks(size, (from, length, lane) -> {
            float[] a = lane.array(0, length);
            OffHeap.read(x + from, a, 0, length);
            softCap(math, a, length, (float) cap);
            OffHeap.write(a, 0, x + from, length);
        });
    }

    static void softCap(RowMath math, float[] x, int length, float cap) {
        float factor = 2 / cap;
        for (int i = 0; i < length; i++) {
            x[i] *= factor;
        }
        math.sigmoid(x, length); // tanh(u) = 2·σ(2u) − 1
        for (int i = 0; i < length; i++) {
            x[i] = cap * (2 * x[i] - 1);
        }
    }

    void softCapBackward(long capped, double cap, long gradient, long size) {
        float inverse = (float) (1 / cap);
        inChunks(size, (from, length, lane) -> {
            float[] c = lane.array(0, length);
            float[] g = lane.array(1, length);
            OffHeap.read(capped + from, c, 0, length);
            OffHeap.read(gradient + from, g, 0, length);
            for (int i = 0; i < length; i++) {
                g[i] *= 1 - c[i] * inverse * (c[i] * inverse);
            }
            OffHeap.write(g, 0, gradient + from, length);
        });
    }

    void addRow(long row, long into, int rows, int columns) {
        RowBlocks blocks = RowBlocks.of(rows, columns);
        pool.run(blocks.count(), (block, lane) -> {
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                addRange(row, OffHeap.row(into, i, columns), columns, lane);
            }
        });
    }

    void addRowBackward(long dOut, long intoRow, int rows, int columns) {
        RowBlocks blocks = RowBlocks.of(rows, columns);
        ColumnSums sums = new ColumnSums(pool.lane(), 0, blocks.count(), columns);
        pool.run(blocks.count(), (block, lane) -> {
            float[] d = lane.array(0, columns);
            float[] sum = lane.array(1, columns);
            Arrays.fill(sum, 0, columns, 0);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                OffHeap.read(OffHeap.row(dOut, i, columns), d, 0, columns);
                for (int j = 0; j < columns; j++) {
                    sum[j] += d[j];
                }
            }
            sums.set(block, sum);
        });
        sums.addTo(intoRow);
    }

    void gatherRows(long table, int[] rows, long out, int columns) {
        RowBlocks blocks = RowBlocks.of(rows.length, columns);
        pool.run(blocks.count(), (block, lane) -> {
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                OffHeap.copy(OffHeap.row(table, rows[i], columns), OffHeap.row(out, i, columns), columns);
            }
        });
    }

    /** Gathers rows of a table in bfloat16. */
    void gatherRounded(long table, int[] rows, long out, int columns) {
        RowBlocks blocks = RowBlocks.of(rows.length, columns);
        pool.run(blocks.count(), (block, lane) -> {
            float[] row = lane.array(0, columns);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                OffHeap.widen(table + (long) Short.BYTES * rows[i] * columns, row, 0, columns);
                OffHeap.write(row, 0, OffHeap.row(out, i, columns), columns);
            }
        });
    }

    /** Threads share the columns rather than the rows, so that rows which repeat are added in order. */
    void scatterAddRows(long x, int[] rows, long into, int columns) {
        int width = Math.max(64, (columns + pool.threads() - 1) / pool.threads());
        pool.run((columns + width - 1) / width, (task, lane) -> {
            int length = Math.min(width, columns - task * width);
            long first = (long) Float.BYTES * task * width;
            for (int i = 0; i < rows.length; i++) {
                long from = OffHeap.row(x, i, columns) + first;
                addRange(from, OffHeap.row(into, rows[i], columns) + first, length, lane);
            }
        });
    }

    void set(double[] numbers, long out) {
        inChunks(numbers.length, (from, length, lane) -> {
            float[] a = lane.array(0, length);
            int first = (int) (from / Float.BYTES);
            for (int i = 0; i < length; i++) {
                a[i] = (float) numbers[first + i];
            }
            OffHeap.write(a, 0, out + from, length);
        });
    }

    void mixRows(long x, int[] rows, double[] shares, int parts, long into, int columns) {
        RowBlocks blocks = RowBlocks.of(parts == 0 ? 0 : rows.length / parts, parts * columns);
        pool.run(blocks.count(), (block, lane) -> {
            float[] a = lane.array(0, columns);
            float[] sum = lane.array(1, columns);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                OffHeap.read(OffHeap.row(into, i, columns), sum, 0, columns);
                for (int p = i * parts; p < (i + 1) * parts; p++) {
                    OffHeap.read(OffHeap.row(x, rows[p], columns), a, 0, columns);
                    float share = (float) shares[p];
                    for (int j = 0; j < columns; j++) {
                        sum[j] += share * a[j];
                    }
                }
                OffHeap.write(sum, 0, OffHeap.row(into, i, columns), columns);
            }
        });
    }

    void mixRowsBackward(
            long x, int[] rows, double[] shares, int parts, long dOut, long dX, double[] dShares, int columns) {
        RowBlocks blocks = RowBlocks.of(rows.length, columns);
        pool.run(blocks.count(), (block, lane) -> {
            float[] a = lane.array(0, columns);
            float[] d = lane.array(1, columns);
            for (int p = blocks.from(block); p < blocks.to(block); p++) {
                OffHeap.read(OffHeap.row(x, rows[p], columns), a, 0, columns);
                OffHeap.read(OffHeap.row(dOut, p / parts, columns), d, 0, columns);
                dShares[p] = math.dot(a, d, columns);
                float share = (float) shares[p];
                for (int j = 0; j < columns; j++) {
                    d[j] *= share;
                }
                OffHeap.write(d, 0, OffHeap.row(dX, rows[p], columns), columns);
            }
        });
    }

    void addColumns(long x, int xColumns, long into, int intoColumns, int rows, int columns) {
        RowBlocks blocks = RowBlocks.of(rows, columns);
        pool.run(blocks.count(), (block, lane) -> {
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                addRange(OffHeap.row(x, i, xColumns), OffHeap.row(into, i, intoColumns), columns, lane);
            }
        });
    }

    void dropout(long x, double rate, long[] keys, long out, int columns) {
        float factor = (float) (1 / (1 - rate));
        RowBlocks blocks = RowBlocks.of(keys.length, columns);
        pool.run(blocks.count(), (block, lane) -> {
            float[] a = lane.array(0, columns);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                OffHeap.read(OffHeap.row(x, i, columns), a, 0, columns);
                for (int j = 0; j < columns; j++) {
                    a[j] = Noise.uniform(keys[i], j) < rate ? 0 : a[j] * factor;
                }
                OffHeap.write(a, 0, OffHeap.row(out, i, columns), columns);
            }
        });
    }

    private static void addRange(long x, long into, int length, Lane lane) {
        float[] a = lane.array(0, length);
        float[] b = lane.array(1, length);
        OffHeap.read(x, a, 0, length);
        OffHeap.read(into, b, 0, length);
        for (int i = 0; i < length; i++) {
            b[i] += a[i];
        }
        OffHeap.write(b, 0, into, length);
    }

    @FunctionalInterface
    private interface Chunk {
        /** @param from in bytes */
        void run(long from, int length, Lane lane);
    }

    private void inChunks(long size, Chunk body) {
        pool.run(chunks(size), (task, lane) -> {
            long from = (long) task * CHUNK;
            body.run(Float.BYTES * from, (int) Math.min(CHUNK, size - from), lane);
        });
    }

    private static int chunks(long size) {
        return Math.toIntExact((size + CHUNK - 1) / CHUNK);
    }
}
