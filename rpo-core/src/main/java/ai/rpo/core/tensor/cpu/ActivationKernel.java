package ai.rpo.core.tensor.cpu;

import ai.rpo.core.tensor.Activation;
import ai.rpo.core.tensor.ClampedGate;

/**
 * Gated activations and their gradients. All kinds have the form {@code x·s(x)}: SiLU with s = σ(x), GELU with the normal
 * distribution Φ(x), and its tanh form, since {@code (1 + tanh(u))/2 = σ(2u)}, with {@code s = σ(2·√(2/π)·(x +
 * 0.044715·x³))}.
 */
final class ActivationKernel {

    private static final float LINEAR = (float) (2 * Math.sqrt(2 / Math.PI));
    private static final float CUBIC = LINEAR * 0.044715f;
    private static final float SQRT_HALF = (float) Math.sqrt(0.5);
    private static final float DENSITY = (float) (1 / Math.sqrt(2 * Math.PI));
    private static final float[] TAIL = {
        -1.2655122f,
        1.0000237f,
        0.37409195f,
        0.09678419f,
        -0.18628806f,
        0.27886808f,
        -1.1352040f,
        1.4885159f,
        -0.82215226f,
        0.17087278f
    };

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
                slope(activation, gate, sigmoid, d, columns);
                for (int j = 0; j < columns; j++) {
                    up[j] *= sigmoid[j];
                }
                OffHeap.write(up, 0, dGateUp + row, columns);
            }
        });
    }

    /** {@code gateUp} has gates and ups in turn. */
    void clamped(int rows, int columns, long gateUp, ClampedGate kind, long out) {
        float limit = (float) kind.limit();
        RowBlocks blocks = RowBlocks.of(rows, 2 * columns);
        pool.run(blocks.count(), (block, lane) -> {
            float[] both = lane.array(0, 2 * columns);
            float[] sigmoid = lane.array(1, columns);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                OffHeap.read(OffHeap.row(gateUp, i, 2 * columns), both, 0, 2 * columns);
                clampedSigmoid(both, kind, sigmoid, columns);
                for (int j = 0; j < columns; j++) {
                    float up = Math.max(-limit, Math.min(limit, both[2 * j + 1]));
                    sigmoid[j] *= (up + 1) * Math.min(limit, both[2 * j]);
                }
                OffHeap.write(sigmoid, 0, OffHeap.row(out, i, columns), columns);
            }
        });
    }

    void clampedBackward(int rows, int columns, long gateUp, ClampedGate kind, long dOut, long dGateUp) {
        float limit = (float) kind.limit();
        float alpha = (float) kind.alpha();
        RowBlocks blocks = RowBlocks.of(rows, 2 * columns);
        pool.run(blocks.count(), (block, lane) -> {
            float[] both = lane.array(0, 2 * columns);
            float[] sigmoid = lane.array(1, columns);
            float[] d = lane.array(2, columns);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                OffHeap.read(OffHeap.row(gateUp, i, 2 * columns), both, 0, 2 * columns);
                OffHeap.read(OffHeap.row(dOut, i, columns), d, 0, columns);
                clampedSigmoid(both, kind, sigmoid, columns);
                for (int j = 0; j < columns; j++) {
                    float gate = Math.min(limit, both[2 * j]);
                    float up = Math.max(-limit, Math.min(limit, both[2 * j + 1]));
                    float s = sigmoid[j];
                    both[2 * j] = both[2 * j] <= limit ? d[j] * (up + 1) * s * (1 + alpha * gate * (1 - s)) : 0;
                    both[2 * j + 1] = Math.abs(both[2 * j + 1]) <= limit ? d[j] * gate * s : 0;
                }
                OffHeap.write(both, 0, OffHeap.row(dGateUp, i, 2 * columns), 2 * columns);
            }
        });
    }

    private void clampedSigmoid(float[] both, ClampedGate kind, float[] sigmoid, int columns) {
        for (int j = 0; j < columns; j++) {
            sigmoid[j] = (float) kind.alpha() * Math.min((float) kind.limit(), both[2 * j]);
        }
        math.sigmoid(sigmoid, columns);
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
            float[] spare = lane.array(3, columns);
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                OffHeap.read(OffHeap.row(x, i, columns), a, 0, columns);
                OffHeap.read(OffHeap.row(dOut, i, columns), d, 0, columns);
                sigmoid(activation, a, sigmoid, columns);
                slope(activation, a, sigmoid, spare, columns);
                for (int j = 0; j < columns; j++) {
                    d[j] *= sigmoid[j];
                }
                OffHeap.write(d, 0, OffHeap.row(dX, i, columns), columns);
            }
        });
    }

    private void sigmoid(Activation activation, float[] x, float[] out, int columns) {
        switch (activation) {
            case SILU -> {
                System.arraycopy(x, 0, out, 0, columns);
                math.sigmoid(out, columns);
            }
            case GELU_TANH -> {
                for (int j = 0; j < columns; j++) {
                    out[j] = x[j] * (LINEAR + CUBIC * x[j] * x[j]);
                }
                math.sigmoid(out, columns);
            }
            case GELU -> normal(x, out, columns);
        }
    }

    /**
     * The standard normal distribution. Its tail is {@code t/2·exp(−z² + p(t))} with {@code z = |x|/√2} and {@code t =
     * 1/(1 + z/2)}; the polynomial p is the Chebyshev fit of degree 9 of what that leaves over, whose error is 1e-7.
     */
    private void normal(float[] x, float[] out, int columns) {
        for (int j = 0; j < columns; j++) {
            float z = Math.abs(x[j]) * SQRT_HALF;
            float t = 1 / (1 + 0.5f * z);
            float p = TAIL[9];
            p = p * t + TAIL[8];
            p = p * t + TAIL[7];
            p = p * t + TAIL[6];
            p = p * t + TAIL[5];
            p = p * t + TAIL[4];
            p = p * t + TAIL[3];
            p = p * t + TAIL[2];
            p = p * t + TAIL[1];
            p = p * t + TAIL[0];
            out[j] = p - z * z;
        }
        math.exponentials(out, columns, 0);
        for (int j = 0; j < columns; j++) {
            float tail = 0.5f * out[j] / (1 + 0.5f * (Math.abs(x[j]) * SQRT_HALF));
            out[j] = x[j] < 0 ? tail : 1 - tail;
        }
    }

    /**
     * Turns {@code s(x)} into the derivative of {@code x·s(x)}: {@code s + x·s·(1 − s)·z′(x)} where {@code s = σ(z(x))},
     * and {@code s + x·φ(x)} where it is Φ.
     */
    private void slope(Activation activation, float[] x, float[] s, float[] spare, int columns) {
        switch (activation) {
            case SILU -> {
                for (int j = 0; j < columns; j++) {
                    s[j] = s[j] + x[j] * s[j] * (1 - s[j]);
                }
            }
            case GELU_TANH -> {
                for (int j = 0; j < columns; j++) {
                    s[j] = s[j] + x[j] * s[j] * (1 - s[j]) * (LINEAR + 3 * CUBIC * x[j] * x[j]);
                }
            }
            case GELU -> {
                for (int j = 0; j < columns; j++) {
                    spare[j] = -0.5f * x[j] * x[j];
                }
                math.exponentials(spare, columns, 0);
                for (int j = 0; j < columns; j++) {
                    s[j] = s[j] + x[j] * spare[j] * DENSITY;
                }
            }
        }
    }
}
