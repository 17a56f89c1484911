package ai.rpo.core.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.tensor.cuda.EmulatedDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Attention on tensor cores, on the emulated device, against the plain backend. Of operands that bfloat16 holds, only weights
 * and the gradients of scores are rounded, each to 2⁻⁹ of itself, and results are sums of some that are large.
 */
class FlashAttentionTest {

    private static final double TIGHT = 0x1p-7;
    private static final double LOOSE = 0x1p-5; // where operands are rounded too
    private static final List<Segment> LONG = BackendAgreementTest.packed(new int[] {30, 140, 21}, 1);

    Backend backend;

    private final PlainBackend plain = new PlainBackend();
    private final Random random = new Random(5);
    private final List<Twin> twins = new ArrayList<>();

    @BeforeEach
    void emulation() {
        EmulatedDevice.missing().ifPresent(why -> Assumptions.abort(why));
        backend = EmulatedDevice.backend(true);
    }

    @AfterEach
    void nothingAroundTheTensorsChanged() {
        twins.forEach(Twin::assertGuards);
    }

    @ParameterizedTest
    @ValueSource(ints = {64, 96, 128, 256})
    void everySizeOfHeads(int headDim) {
        double scale = 1 / Math.sqrt(headDim);
        attention(new AttentionShape(2, 1, headDim, scale, 3, 50), LONG);
        AttentionShape simple = new AttentionShape(1, 1, headDim, scale);
        attention(simple, BackendAgreementTest.packed(new int[] {0, 3, 0}, 1));
        attention(simple, BackendAgreementTest.packed(new int[] {33, 7, 40}, 1));
    }

    @Test
    void headsThatShareKeys() {
        attention(new AttentionShape(6, 2, 64, 0.125), BackendAgreementTest.packed(new int[] {9, 4, 20}, 3));
    }

    @Test
    void windows() {
        for (int window : new int[] {1, 100}) {
            attention(new AttentionShape(1, 1, 64, 0.125, 0, window), LONG);
        }
    }

    @Test
    void caps() {
        attention(new AttentionShape(2, 2, 64, 0.5, 4, 0), LONG);
    }

    @Test
    void rowsThatSeeNothing() {
        AttentionShape shape = new AttentionShape(2, 1, 64, 0.125, 0, 40);
        attention(shape, BackendAgreementTest.withoutBeginnings(LONG));
    }

    /** Of a size that no file of kernels has. */
    @Test
    void otherSizesOfHeads() {
        attention(new AttentionShape(2, 1, 80, 0.125), BackendAgreementTest.packed(new int[] {9, 4, 20}, 1));
    }

    @Test
    void operandsAreRounded() {
        AttentionShape shape = new AttentionShape(4, 2, 64, 0.125);
        List<Segment> segments = BackendAgreementTest.packed(new int[] {40, 30, 20}, 1);
        forward(shape, segments, twin(92, shape.fusedColumns(), 1, x -> x), 1e-2, LOOSE);
        backward(shape, segments, twin(92, shape.fusedColumns(), 1, x -> x), false, LOOSE);
    }

    /** Scores of thousands make a softmax of ones and zeros; products over many magnitudes stay finite. */
    @Test
    void extremes() {
        AttentionShape shape = new AttentionShape(1, 1, 64, 1);
        Twin large = twin(193, shape.fusedColumns(), 40, FlashAttentionTest::rounded);
        forward(shape, LONG, large, 1e-5, Double.POSITIVE_INFINITY);
        twins.get(twins.size() - 2).assertFinite();
        Twin small = twin(193, shape.fusedColumns(), 1e-20, FlashAttentionTest::rounded);
        forward(shape, LONG, small, 1e-5, TIGHT);
        backward(shape, LONG, small, true, TIGHT);
    }

    /** What is not a number stays with the segments that see it. */
    @Test
    void notANumber() {
        AttentionShape shape = new AttentionShape(1, 1, 64, 0.125);
        Twin fused = twin(193, shape.fusedColumns(), 1, FlashAttentionTest::rounded);
        fused.put(60, 64, Float.NaN); // a key of the first completion
        Twin out = twin(193, shape.queryColumns(), 1, x -> x);
        Twin logSumExp = twin(193, 1, 1, x -> x);
        backend.attention(fused.fast(), shape, LONG, out.fast(), logSumExp.fast());
        double[] sums = logSumExp.fast().toArray();
        for (int row = 0; row < 191; row++) {
            assertEquals(row >= 60 && row < 170, Double.isNaN(sums[row]), "row " + row);
        }
    }

    /** Of both orders of the emulated device's threads. */
    @Test
    void repeatsBitForBit() {
        AttentionShape shape = new AttentionShape(2, 1, 64, 0.125);
        Twin fused = twin(193, shape.fusedColumns(), 1, x -> x);
        Twin dOut = twin(193, shape.queryColumns(), 1, x -> x);
        double[] first = null;
        for (int i = 0; i < 2; i++) {
            if (i == 1) {
                backend.zero(twin(1, 1, 1, x -> x).fast());
                backend.scale(twin(1, 1, 1, x -> x).fast(), 1); // one launch more
            }
            Twin out = twin(193, shape.queryColumns(), 1, x -> x);
            Twin logSumExp = twin(193, 2, 1, x -> x);
            backend.attention(fused.fast(), shape, LONG, out.fast(), logSumExp.fast());
            Twin dFused = twin(193, shape.fusedColumns(), 1, x -> x);
            backend.attentionBackward(
                    fused.fast(), shape, LONG, out.fast(), logSumExp.fast(), dOut.fast(), dFused.fast());
            first = first == null ? dFused.fast().toArray() : first;
            assertArrayEquals(first, dFused.fast().toArray());
        }
    }

    private void attention(AttentionShape shape, List<Segment> segments) {
        int tokens =
                segments.stream().mapToInt(s -> s.start() + s.length()).max().orElseThrow() + 2;
        Twin fused = twin(tokens, shape.fusedColumns(), 1, FlashAttentionTest::rounded);
        forward(shape, segments, fused, BackendAgreementTest.TOLERANCE, TIGHT);
        backward(shape, segments, fused, true, TIGHT);
    }

    private void forward(
            AttentionShape shape, List<Segment> segments, Twin fused, double sumsTolerance, double tolerance) {
        int tokens = fused.exact().rows();
        Twin out = twin(tokens, shape.queryColumns(), 1, FlashAttentionTest::rounded);
        Twin logSumExp = twin(tokens, shape.heads(), 1, FlashAttentionTest::rounded);
        plain.attention(fused.exact(), shape, segments, out.exact(), logSumExp.exact());
        backend.attention(fused.fast(), shape, segments, out.fast(), logSumExp.fast());
        logSumExp.assertAgrees(sumsTolerance);
        out.assertAgrees(tolerance, shape.headDim());
    }

    /** @param given from the plain forward pass in both cases, or of each from its own */
    private void backward(AttentionShape shape, List<Segment> segments, Twin fused, boolean given, double tolerance) {
        int tokens = fused.exact().rows();
        Twin out = twin(tokens, shape.queryColumns(), 1, FlashAttentionTest::rounded);
        Twin logSumExp = twin(tokens, shape.heads(), 1, FlashAttentionTest::rounded);
        plain.attention(fused.exact(), shape, segments, out.exact(), logSumExp.exact());
        if (given) {
            out.giveExact();
            logSumExp.giveExact();
        } else {
            backend.attention(fused.fast(), shape, segments, out.fast(), logSumExp.fast());
        }
        Twin dOut = twin(tokens, shape.queryColumns(), 1, FlashAttentionTest::rounded);
        Twin dFused = twin(tokens, shape.fusedColumns(), 1, FlashAttentionTest::rounded);
        plain.attentionBackward(
                fused.exact(), shape, segments, out.exact(), logSumExp.exact(), dOut.exact(), dFused.exact());
        backend.attentionBackward(
                fused.fast(), shape, segments, out.fast(), logSumExp.fast(), dOut.fast(), dFused.fast());
        dFused.assertAgrees(tolerance, shape.headDim());
    }

    /** To what bfloat16 holds. */
    private static double rounded(double x) {
        return Float.intBitsToFloat(Float.floatToRawIntBits((float) x) & 0xffff0000);
    }

    private Twin twin(int rows, int columns, double magnitude, DoubleUnaryOperator rounding) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) rounding.applyAsDouble(magnitude * random.nextGaussian());
        }
        Twin twin = Twin.of(plain, backend, rows, columns, values);
        twins.add(twin);
        return twin;
    }

    /** Or every planted fault would be found. */
    @Test
    void kernelsWithoutAFault() {
        check(backend, true);
        check(backend, false);
    }

    /** What each fault planted into either pass must fail. */
    static void check(Backend backend, boolean forward) {
        FlashAttentionTest test = new FlashAttentionTest();
        test.backend = backend;
        for (AttentionShape shape :
                List.of(new AttentionShape(1, 1, 64, 0.5, 4, 50), new AttentionShape(2, 1, 64, 0.125))) {
            Twin fused = test.twin(193, shape.fusedColumns(), 1, FlashAttentionTest::rounded);
            if (forward) {
                test.forward(shape, LONG, fused, BackendAgreementTest.TOLERANCE, TIGHT);
            } else {
                test.backward(shape, LONG, fused, true, TIGHT);
            }
            test.nothingAroundTheTensorsChanged();
        }
    }
}
