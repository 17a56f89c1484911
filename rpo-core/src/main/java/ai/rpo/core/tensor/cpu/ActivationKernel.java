package ai.rpo.core.tensor.cpu;

import ai.rpo.core.tensor.Activation;

/**
 * Gated activations and their gradients. Both kinds have the form {@code x·σ(z(x))}: SiLU with z = x, and GELU's tanh
 * form, since {@code (1 + tanh(u))/2 = σ(2u)}, with {@code z = 2·√(2/π)·(x + 0.044715·x³)}.
 */
final class ActivationKernel {

    private static final float LINEAR = (float) (2 * Math.sqrt(2 / Math.PI));
    private static final float CUBIC = LINEAR * 0.044715f;

    private final WorkerPool pool;
    private final RowMath math;

    ActivationKernel(WorkerPool pool, RowMath math) {
        this.pool = pool;
        this.math = math;
    }

    /** {@code gateUp} is {@code [rows, 2·columns]}, {@code out} {@code [rows, columns]}. */
    void gated(int rows, int columns, long gateUp, Activation activation, long out) {
        RowBlocks blocks = RowBlocks.of(rows, columns);
        pool.run(blocks.count(), (block, lane) -> {
            float[] gate = lane.array(0, columns);
            float[] up = lane.array(1, columns);
            float[] sigmoid = lane.array(2, columns);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                long row = OffHeap.row(gateUp, i, 2 * columns);
                OffHeap.read(row, gate, 0, columns);
                OffHeap.read(row + (long) Float.BYTES * columns, up, 0, columns);
                sigmoid(activation, gate, sigmoid, columns);
                for (int j = 0; j < columns; j++) {
                    up[j] = gate[j] * sigmoid[j] * up[j];
                }
                OffHeap.write(up, 0, OffHeap.row(out, i, columns), columns);
            }
        });
    }

    void gatedBackward(int rows, int columns, long gateUp, Activation activation, long dOut, long dGateUp) {
        RowBlocks blocks = RowBlocks.of(rows, columns);
        pool.run(blocks.count(), (block, lane) -> {
            float[] gate = lane.array(0, columns);
            float[] up = lane.array(1, columns);
            float[] sigmoid = lane.array(2, columns);
            float[] d = lane.array(3, columns);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                long row = OffHeap.row(0, i, 2 * columns);
                long half = (long) Float.BYTES * columns;
                OffHeap.read(gateUp + row, gate, 0, columns);
                OffHeap.read(gateUp + row + half, up, 0, columns);
                OffHeap.read(OffHeap.row(dOut, i, columns), d, 0, columns);
                sigmoid(activation, gate, sigmoid, columns);
                for (int j = 0; j < columns; j++) {
                    up[j] *= d[j];
                }
                for (int j = 0; j < columns; j++) {
                    d[j] *= gate[j] * sigmoid[j];
                }
                OffHeap.write(d, 0, dGateUp + row + half, columns);
                slope(activation, gate, sigmoid, columns);
                for (int j = 0; j < columns; j++) {
                    up[j] *= sigmoid[j];
                }
                OffHeap.write(up, 0, dGateUp + row, columns);
            }
        });
    }

    /** Without a gate. */
    void plain(int rows, int columns, long x, Activation activation, long out) {
        RowBlocks blocks = RowBlocks.of(rows, columns);
        pool.run(blocks.count(), (block, lane) -> {
            float[] a = lane.array(0, columns);
            float[] sigmoid = lane.array(1, columns);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                OffHeap.read(OffHeap.row(x, i, columns), a, 0, columns);
                sigmoid(activation, a, sigmoid, columns);
                for (int j = 0; j < columns; j++) {
                    a[j] *= sigmoid[j];
                }
                OffHeap.write(a, 0, OffHeap.row(out, i, columns), columns);
            }
        });
    }

    void plainBackward(int rows, int columns, long x, Activation activation, long dOut, long dX) {
        RowBlocks blocks = RowBlocks.of(rows, columns);
        pool.run(blocks.count(), (block, lane) -> {
            float[] a = lane.array(0, columns);
            float[] sigmoid = lane.array(1, columns);
            float[] d = lane.array(2, columns);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                OffHeap.read(OffHeap.row(x, i, columns), a, 0, columns);
                OffHeap.read(OffHeap.row(dOut, i, columns), d, 0, columns);
                sigmoid(activation, a, sigmoid, columns);
                slope(activation, a, sigmoid, columns);
                for (int j = 0; j < columns; j++) {
                    d[j] *= sigmoid[j];
                }
                OffHeap.write(d, 0, OffHeap.row(dX, i, columns), columns);
            }
        });
    }

    private void sigmoid(Activation activation, float[] x, float[] out, int columns) {
        if (activation == Activation.GELU_TANH) {
            for (int j = 0; j < columns; j++) {
                out[j] = x[j] * (LINEAR + CUBIC * x[j] * x[j]);
            }
        } else {
            System.arraycopy(x, 0, out, 0, columns);
        }
        math.sigmoid(out, columns);
    }

    /** Turns {@code s = σ(z(x))} into the derivative of {@code x·s}, which is {@code s + x·s·(1 − s)·z′(x)}. */
    private static void slope(Activation activation, float[] x, float[] s, int columns) {
        if (activation == Activation.GELU_TANH) {
            for (int j = 0; j < columns; j++) {
                s[j] = s[j] + x[j] * s[j] * (1 - s[j]) * (LINEAR + 3 * CUBIC * x[j] * x[j]);
            }
        } else {
            for (int j = 0; j < columns; j++) {
                s[j] = s[j] + x[j] * s[j] * (1 - s[j]);
            }
        }
    }
}
