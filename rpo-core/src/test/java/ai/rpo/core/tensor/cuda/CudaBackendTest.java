package ai.rpo.core.tensor.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.PlainBackend;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Segment;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is the device's own, beside what all backends agree on. */
class CudaBackendTest {

    private final Random random = new Random(7);

    @BeforeEach
    void emulation() {
        EmulatedDevice.missing().ifPresent(why -> Assumptions.abort(why));
    }

    @Test
    void saysWhereItComputes() {
        Assumptions.assumeFalse(EmulatedDevice.isReal());
        assertEquals(
                "CUDA on emulated device 0 (compute capability 8.0, driver of CUDA 12.9, NVRTC 12.9), bfloat16 products",
                EmulatedDevice.backend(true).describe());
    }

    /** Keys that several completions see are summed over in one order. */
    @Test
    void gradientsRepeatBitForBit() {
        Backend backend = EmulatedDevice.backend(false);
        AttentionShape shape = new AttentionShape(4, 2, 16, 0.25);
        List<Segment> segments =
                List.of(new Segment(0, 40, 0, 0), new Segment(40, 37, 0, 40), new Segment(77, 9, 0, 40));
        Tensor fused = normal(backend, 86, shape.fusedColumns());
        Tensor out = normal(backend, 86, shape.queryColumns());
        Tensor logSumExp = normal(backend, 86, shape.heads());
        Tensor dOut = normal(backend, 86, shape.queryColumns());
        backend.attention(fused, shape, segments, out, logSumExp);
        double[] first = null;
        for (int i = 0; i < 3; i++) { // in both orders of threads
            Tensor dFused = normal(backend, 86, shape.fusedColumns());
            backend.attentionBackward(fused, shape, segments, out, logSumExp, dOut, dFused);
            first = first == null ? dFused.toArray() : first;
            assertArrayEquals(first, dFused.toArray());
        }
    }

    @Test
    void nothingIsNothing() {
        Backend backend = EmulatedDevice.backend(false);
        AttentionShape shape = new AttentionShape(2, 1, 4, 0.5);
        Tensor fused = normal(backend, 3, shape.fusedColumns());
        Tensor out = normal(backend, 3, shape.queryColumns());
        double[] before = out.toArray();
        Tensor logSumExp = normal(backend, 3, shape.heads());
        backend.attention(fused, shape, List.of(), out, logSumExp);
        backend.cachedAttention(fused, shape, List.of(), out, logSumExp);
        assertArrayEquals(before, out.toArray());
        Tensor dFused = normal(backend, 3, shape.fusedColumns());
        backend.attentionBackward(fused, shape, List.of(), out, logSumExp, out, dFused);
        assertEquals(0, backend.norm(dFused));
        Tensor none = fused.rows(1, 1);
        backend.add(none, none);
        backend.copy(none, none);
        backend.zero(none);
        backend.gatherRows(fused, new int[0], none);
        backend.scatterAddRows(none, new int[0], fused);
        assertEquals(0, backend.norm(none));
    }

    @Test
    void roundedStorageHoldsTheNearest() {
        Backend backend = EmulatedDevice.backend(true);
        float[] written = {1, 1 + 0x1p-8f, 1 + 0x1p-7f + 0x1p-8f, 1 + 0x1p-8f + 0x1p-20f, Float.NaN, -0f, 3.4e38f};
        float[] expected = {1, 1, 1 + 0x1p-6f, 1 + 0x1p-7f, Float.NaN, -0f, Float.POSITIVE_INFINITY};
        Storage storage = backend.allocateRounded(9);
        storage.write(1, written, 0, written.length);
        float[] read = new float[9];
        storage.read(0, read, 0, 9);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], read[i + 1]);
        }
        assertEquals(0, read[0]);
        assertEquals(0, read[8]);
        assertThrows(IndexOutOfBoundsException.class, () -> storage.tensor(8, 1, 2));
        Tensor tensor = storage.tensor(0, 3, 3);
        assertThrows(IllegalArgumentException.class, () -> backend.add(tensor, tensor));
        Tensor rows = backend.allocate(6).tensor(0, 2, 3);
        backend.gatherRows(tensor, new int[] {1, 0}, rows);
        assertArrayEquals(tensor.rows(1, 2).toArray(), rows.rows(0, 1).toArray());
        assertArrayEquals(tensor.rows(0, 1).toArray(), rows.rows(1, 2).toArray());
    }

    @Test
    void isRoundedOnlyWhereProductsRound() {
        Backend exact = EmulatedDevice.backend(false);
        assertEquals(Precision.FLOAT32, exact.products());
        assertThrows(UnsupportedOperationException.class, () -> exact.allocateRounded(1));
    }

    /** Of odd widths and addresses, with weights of float32 and of bfloat16. */
    @Test
    void productsRoundTheirOperands() {
        Backend backend = EmulatedDevice.backend(true);
        PlainBackend plain = new PlainBackend();
        for (boolean kept : new boolean[] {false, true}) {
            for (int[] size : new int[][] {{1, 1, 1}, {3, 5, 7}, {33, 64, 17}}) {
                float[] x = numbers(size[0] * size[1]);
                float[] w = numbers(size[2] * size[1]);
                Tensor xs = filled(backend.allocate(x.length + 3), x, 3, size[0]);
                Tensor ws = filled(
                        kept ? backend.allocateRounded(w.length + 5) : backend.allocate(w.length + 5), w, 5, size[2]);
                Tensor xp = filled(plain.allocate(x.length), rounded(x), 0, size[0]);
                Tensor wp = filled(plain.allocate(w.length), rounded(w), 0, size[2]);
                Tensor out = backend.allocate(size[0] * size[2]).tensor(0, size[0], size[2]);
                Tensor outp = plain.allocate(size[0] * size[2]).tensor(0, size[0], size[2]);
                backend.linear(xs, ws, out, false);
                plain.linear(xp, wp, outp, false);
                assertArrayEquals(outp.toArray(), out.toArray(), 1e-5);
                Tensor d = filled(plain.allocate(out.size()), rounded(floats(out)), 0, size[0]);
                plain.linearBackwardInput(d, wp, xp, false);
                backend.linearBackwardInput(out, ws, xs, false);
                assertArrayEquals(xp.toArray(), xs.toArray(), 1e-4);
            }
        }
    }

    @Test
    void threadsMayComputeAtOnce() {
        Backend backend = EmulatedDevice.backend(false);
        Tensor x = normal(backend, 50, 40);
        double expected = backend.norm(x);
        assertTrue(IntStream.range(0, 64).parallel().allMatch(i -> {
            Tensor own = backend.allocate(2000).tensor(0, 50, 40);
            backend.gatherRows(x, IntStream.range(0, 50).toArray(), own);
            return backend.norm(own) == expected;
        }));
    }

    private Tensor normal(Backend backend, int rows, int columns) {
        return filled(backend.allocate(rows * columns), numbers(rows * columns), 0, rows);
    }

    private float[] numbers(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static Tensor filled(Storage storage, float[] values, int offset, int rows) {
        storage.write(offset, values, 0, values.length);
        return storage.tensor(offset, rows, values.length / rows);
    }

    private static float[] floats(Tensor tensor) {
        double[] values = tensor.toArray();
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    private static float[] rounded(float[] values) {
        float[] rounded = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            int bits = Float.floatToRawIntBits(values[i]);
            rounded[i] = Float.intBitsToFloat((bits + 0x7fff + (bits >>> 16 & 1)) & 0xffff0000);
        }
        return rounded;
    }
}
