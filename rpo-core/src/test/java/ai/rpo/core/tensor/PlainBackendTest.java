package ai.rpo.core.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Hand-worked forward values, and each backward pass against central differences of its forward pass. */
class PlainBackendTest {

    private static final double STEP = 1e-5;
    private static final double TOLERANCE = 1e-7;

    private final PlainBackend backend = new PlainBackend();

    @Test
    void linearMultipliesByTheTransposedWeight() {
        Tensor x = backend.tensor(1, 2, 1, 2);
        Tensor weight = backend.tensor(3, 2, 1, 0, 0, 1, 10, 100);
        Tensor out = backend.tensor(1, 3, 7, 7, 7);
        backend.linear(x, weight, out, false);
        assertArrayEquals(new double[] {1, 2, 210}, out.toArray());
        backend.linear(x, weight, out, true);
        assertArrayEquals(new double[] {2, 4, 420}, out.toArray());
    }

    @Test
    void scatterAddsARowThatRepeatsTwice() {
        Tensor into = backend.tensor(2, 2, 1, 1, 1, 1);
        backend.scatterAddRows(backend.tensor(3, 2, 1, 2, 10, 20, 100, 200), new int[] {1, 0, 1}, into);
        assertArrayEquals(new double[] {11, 21, 102, 203}, into.toArray());
        Tensor out = backend.tensor(2, 2, 0, 0, 0, 0);
        backend.gatherRows(into, new int[] {1, 1}, out);
        assertArrayEquals(new double[] {102, 203, 102, 203}, out.toArray());
    }

    @Test
    void rmsNormDividesByTheRootMeanSquare() {
        Tensor out = backend.tensor(1, 2, 0, 0);
        Tensor inverse = backend.tensor(1, 1, 0);
        backend.rmsNorm(backend.tensor(1, 2, 3, 4), backend.tensor(1, 2, 1, 2), 0, out, inverse);
        double rms = Math.sqrt(12.5);
        assertArrayEquals(new double[] {3 / rms, 8 / rms}, out.toArray(), 1e-15);
        assertEquals(1 / rms, inverse.toArray()[0], 1e-15);
    }

    @Test
    void rotaryTurnsQueriesAndKeysButNotValues() {
        AttentionShape shape = new AttentionShape(1, 1, 2, 1);
        Tensor fused = backend.tensor(2, 6, 1, 0, 0, 1, 5, 6, 1, 2, 3, 4, 5, 6);
        Tensor cos = backend.tensor(2, 1, 1, 0);
        Tensor sin = backend.tensor(2, 1, 0, 1);
        backend.rotary(fused, shape, new int[] {1, 0}, cos, sin, false);
        assertArrayEquals(new double[] {0, 1, -1, 0, 5, 6, 1, 2, 3, 4, 5, 6}, fused.toArray());
    }

    /** Two tokens with equal scores: the second attends half to each value. */
    @Test
    void attentionAveragesTheValuesItSees() {
        AttentionShape shape = new AttentionShape(1, 1, 2, 1);
        Tensor fused = backend.tensor(2, 6, 1, 0, 1, 0, 2, 4, 1, 0, 1, 0, 4, 8);
        Tensor out = backend.tensor(2, 2, 0, 0, 0, 0);
        Tensor lse = backend.tensor(2, 1, 0, 0);
        backend.attention(fused, shape, List.of(new Segment(0, 2, 0, 0)), out, lse);
        assertArrayEquals(new double[] {2, 4, 3, 6}, out.toArray(), 1e-15);
        assertArrayEquals(new double[] {1, 1 + Math.log(2)}, lse.toArray(), 1e-15);
    }

    /** A completion after a prompt sees what it would see in one sequence, and nothing of its sibling. */
    @Property(tries = 20)
    void packedSegmentsEqualSeparateSequences(@ForAll long seed, @ForAll @IntRange(min = 0, max = 5) int window) {
        Random random = new Random(seed);
        AttentionShape shape = new AttentionShape(4, 2, 4, 0.5, 0, window);
        Tensor packed = random(random, 3 + 4 + 2, shape.fusedColumns());
        Tensor out = zeros(9, shape.queryColumns());
        List<Segment> segments = List.of(new Segment(0, 3, 0, 0), new Segment(3, 4, 0, 3), new Segment(7, 2, 0, 3));
        backend.attention(packed, shape, segments, out, zeros(9, shape.heads()));

        Tensor alone = zeros(5, shape.fusedColumns());
        backend.copy(packed.rows(0, 3), alone.rows(0, 3));
        backend.copy(packed.rows(7, 9), alone.rows(3, 5));
        Tensor expected = zeros(5, shape.queryColumns());
        backend.attention(alone, shape, List.of(new Segment(0, 5, 0, 0)), expected, zeros(5, shape.heads()));
        assertArrayEquals(expected.rows(3, 5).toArray(), out.rows(7, 9).toArray(), 1e-14);
    }

    @Test
    void activationsHaveTheirKnownValues() {
        Tensor gateUp = backend.tensor(1, 4, 1, -1, 3, 3);
        Tensor out = zeros(1, 2);
        backend.gatedActivation(gateUp, Activation.SILU, out);
        assertArrayEquals(new double[] {2.193175735890015, -0.8068242641099853}, out.toArray(), 1e-15);
        backend.gatedActivation(gateUp, Activation.GELU_TANH, out);
        assertArrayEquals(new double[] {2.5235759718248305, -0.4764240281751697}, out.toArray(), 1e-15);
    }

    @Test
    void logpsOfHugeLogitsDoNotOverflow() {
        double[] logps = new double[3];
        Tensor lse = zeros(2, 1);
        Tensor logits = backend.tensor(2, 2, 1e4, 1e4, -1e4, 1e4);
        backend.targetLogps(logits, new int[] {9, 1, 0}, 1, logps, lse);
        assertArrayEquals(new double[] {0, -Math.log(2), -2e4}, logps, 1e-11);
    }

    /** Mean 3, variance 1. */
    @Test
    void layerNormSubtractsTheMean() {
        Tensor out = zeros(1, 2);
        Tensor statistics = zeros(1, 2);
        Tensor weight = backend.tensor(1, 2, 10, 20);
        backend.layerNorm(backend.tensor(1, 2, 2, 4), weight, backend.tensor(1, 2, 1, 2), 3, out, statistics);
        assertArrayEquals(new double[] {-4, 12}, out.toArray(), 1e-15);
        assertArrayEquals(new double[] {3, 0.5}, statistics.toArray(), 1e-15);
    }

    @Test
    void headNormLeavesValuesAlone() {
        AttentionShape shape = new AttentionShape(1, 1, 2, 1);
        Tensor fused = backend.tensor(1, 6, 3, 4, 6, 8, 5, 7);
        Tensor out = zeros(1, 6);
        Tensor inverse = zeros(1, 2);
        backend.headNorm(fused, shape, backend.tensor(1, 2, 1, 2), backend.tensor(1, 2, 3, 4), 0, out, inverse);
        double r = 1 / Math.sqrt(12.5);
        assertArrayEquals(new double[] {3 * r, 8 * r, 9 * r, 16 * r, 5, 7}, out.toArray(), 1e-14);
        assertArrayEquals(new double[] {r, r / 2}, inverse.toArray(), 1e-15);
    }

    /** With a window of two the third token of a sequence no longer sees the first, whichever segment that lies in. */
    @Test
    void aWindowReachesBackIntoThePrefix() {
        AttentionShape shape = new AttentionShape(1, 1, 2, 1, 0, 2);
        Tensor fused = backend.tensor(3, 6, 1, 0, 1, 0, 2, 4, 1, 0, 1, 0, 4, 8, 1, 0, 1, 0, 6, 12);
        double[] expected = {2, 4, 3, 6, 5, 10};
        for (int prefix = 0; prefix < 3; prefix++) {
            Tensor out = zeros(3, 2);
            List<Segment> segments = List.of(new Segment(0, prefix, 0, 0), new Segment(prefix, 3 - prefix, 0, prefix));
            backend.attention(fused, shape, segments, out, zeros(3, 1));
            assertArrayEquals(expected, out.toArray(), 1e-14, "prefix " + prefix);
        }
    }

    @Test
    void capsSaturate() {
        Tensor x = backend.tensor(1, 3, 0, 1e9, -2);
        backend.softCap(x, 2);
        assertArrayEquals(new double[] {0, 2, -2 * Math.tanh(1)}, x.toArray(), 1e-15);
    }

    @Test
    void rotaryMayTurnTheFirstColumnsOnly() {
        AttentionShape shape = new AttentionShape(1, 1, 4, 1);
        Tensor fused = backend.tensor(1, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
        backend.rotary(fused, shape, new int[] {0}, backend.tensor(1, 1, 0), backend.tensor(1, 1, 1), false);
        assertArrayEquals(new double[] {-2, 1, 3, 4, -6, 5, 7, 8, 9, 10, 11, 12}, fused.toArray());
    }

    @Property(tries = 20)
    void addRowGradients(@ForAll long seed) {
        Random random = new Random(seed);
        Tensor x = random(random, 3, 4);
        Tensor row = random(random, 1, 4);
        Tensor dOut = random(random, 3, 4);
        Tensor y = zeros(3, 4);
        Tensor dRow = zeros(1, 4);
        backend.addRowBackward(dOut, dRow);
        assertGradient(row, dRow, y, dOut, () -> {
            backend.copy(x, y);
            backend.addRow(row, y);
            backend.scale(y, 1);
        });
    }

    @Property(tries = 20)
    void layerNormGradients(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 4) int tokens,
            @ForAll @IntRange(min = 1, max = 6) int columns) {
        Random random = new Random(seed);
        Tensor x = random(random, tokens, columns);
        Tensor weight = random(random, 1, columns);
        Tensor bias = random(random, 1, columns);
        Tensor dOut = random(random, tokens, columns);
        Tensor y = zeros(tokens, columns);
        Tensor statistics = zeros(tokens, 2);
        Runnable forward = () -> backend.layerNorm(x, weight, bias, 0.1, y, statistics);
        forward.run();

        Tensor dX = zeros(tokens, columns);
        Tensor dWeight = zeros(1, columns);
        Tensor dBias = zeros(1, columns);
        backend.layerNormBackward(x, weight, statistics, dOut, dX, dWeight, dBias);
        assertGradient(x, dX, y, dOut, forward);
        assertGradient(weight, dWeight, y, dOut, forward);
        assertGradient(bias, dBias, y, dOut, forward);
    }

    @Property(tries = 20)
    void headNormGradients(@ForAll long seed, @ForAll @IntRange(min = 1, max = 3) int tokens) {
        Random random = new Random(seed);
        AttentionShape shape = new AttentionShape(2, 1, 4, 1);
        Tensor fused = random(random, tokens, shape.fusedColumns());
        Tensor queryWeight = random(random, 1, 4);
        Tensor keyWeight = random(random, 1, 4);
        Tensor dOut = random(random, tokens, shape.fusedColumns());
        Tensor y = zeros(tokens, shape.fusedColumns());
        Tensor inverseRms = zeros(tokens, 3);
        Runnable forward = () -> backend.headNorm(fused, shape, queryWeight, keyWeight, 0.1, y, inverseRms);
        forward.run();

        Tensor gradient = map(dOut, v -> v);
        Tensor dQuery = zeros(1, 4);
        Tensor dKey = zeros(1, 4);
        backend.headNormBackward(fused, shape, queryWeight, keyWeight, inverseRms, gradient, dQuery, dKey);
        assertGradient(fused, gradient, y, dOut, forward);
        assertGradient(queryWeight, dQuery, y, dOut, forward);
        assertGradient(keyWeight, dKey, y, dOut, forward);
    }

    @Property(tries = 20)
    void activationGradients(@ForAll long seed, @ForAll Activation activation) {
        Random random = new Random(seed);
        Tensor x = map(random(random, 2, 3), v -> 3 * v);
        Tensor dOut = random(random, 2, 3);
        Tensor y = zeros(2, 3);
        Tensor dX = map(x, v -> v);
        backend.activationBackward(dX, activation, dOut, dX);
        assertGradient(x, dX, y, dOut, () -> backend.activation(x, activation, y));
    }

    @Property(tries = 20)
    void softCapGradients(@ForAll long seed) {
        Random random = new Random(seed);
        Tensor x = random(random, 2, 3);
        Tensor dOut = random(random, 2, 3);
        Tensor y = zeros(2, 3);
        Runnable forward = () -> {
            backend.copy(x, y);
            backend.softCap(y, 1.3);
        };
        forward.run();
        Tensor gradient = map(dOut, v -> v);
        backend.softCapBackward(y, 1.3, gradient);
        assertGradient(x, gradient, y, dOut, forward);
    }

    @Property(tries = 20)
    void linearGradients(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 4) int tokens,
            @ForAll @IntRange(min = 1, max = 4) int in,
            @ForAll @IntRange(min = 1, max = 4) int out) {
        Random random = new Random(seed);
        Tensor x = random(random, tokens, in);
        Tensor weight = random(random, out, in);
        Tensor dOut = random(random, tokens, out);
        Tensor y = zeros(tokens, out);
        Runnable forward = () -> backend.linear(x, weight, y, false);

        Tensor dX = zeros(tokens, in);
        backend.linearBackwardInput(dOut, weight, dX, false);
        assertGradient(x, dX, y, dOut, forward);
        Tensor dWeight = zeros(out, in);
        backend.linearBackwardWeight(dOut, x, dWeight);
        assertGradient(weight, dWeight, y, dOut, forward);
    }

    @Property(tries = 20)
    void rmsNormGradients(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 4) int tokens,
            @ForAll @IntRange(min = 1, max = 6) int columns) {
        Random random = new Random(seed);
        Tensor x = random(random, tokens, columns);
        Tensor weight = random(random, 1, columns);
        Tensor dOut = random(random, tokens, columns);
        Tensor y = zeros(tokens, columns);
        Tensor inverseRms = zeros(tokens, 1);
        Runnable forward = () -> backend.rmsNorm(x, weight, 0.1, y, inverseRms);
        forward.run();

        Tensor dX = zeros(tokens, columns);
        Tensor dWeight = zeros(1, columns);
        backend.rmsNormBackward(x, weight, inverseRms, dOut, dX, dWeight);
        assertGradient(x, dX, y, dOut, forward);
        assertGradient(weight, dWeight, y, dOut, forward);
    }

    /** A rotation's gradient is the rotation back, and back again nothing has changed. */
    @Property(tries = 20)
    void rotaryInverse(@ForAll long seed) {
        Random random = new Random(seed);
        AttentionShape shape = new AttentionShape(2, 1, 6, 1);
        int[] positions = {0, 1, 2, 1, 4};
        Tensor angle = random(random, 5, 3);
        Tensor cos = map(angle, Math::cos);
        Tensor sin = map(angle, Math::sin);
        Tensor x = random(random, 5, shape.fusedColumns());
        Tensor dOut = random(random, 5, shape.fusedColumns());
        Tensor y = zeros(5, shape.fusedColumns());
        Tensor dX = map(dOut, v -> v);
        backend.rotary(dX, shape, positions, cos, sin, true);
        assertGradient(x, dX, y, dOut, () -> {
            backend.copy(x, y);
            backend.rotary(y, shape, positions, cos, sin, false);
        });
        backend.rotary(y, shape, positions, cos, sin, true);
        assertArrayEquals(x.toArray(), y.toArray(), 1e-14);
    }

    @Property(tries = 12)
    void attentionGradients(
            @ForAll long seed,
            @ForAll @IntRange(min = 0, max = 3) int prompt,
            @ForAll @IntRange(min = 1, max = 3) int chosen,
            @ForAll @IntRange(min = 1, max = 2) int keyValueHeads,
            @ForAll @IntRange(min = 1, max = 2) int group,
            @ForAll @IntRange(min = 0, max = 3) int window,
            @ForAll boolean capped) {
        Random random = new Random(seed);
        AttentionShape shape =
                new AttentionShape(keyValueHeads * group, keyValueHeads, 3, 0.7, capped ? 0.9 : 0, window);
        int tokens = prompt + chosen + 2;
        List<Segment> segments = List.of(
                new Segment(0, prompt, 0, 0),
                new Segment(prompt, chosen, 0, prompt),
                new Segment(prompt + chosen, 2, 0, prompt));
        Tensor fused = random(random, tokens, shape.fusedColumns());
        Tensor dOut = random(random, tokens, shape.queryColumns());
        Tensor out = zeros(tokens, shape.queryColumns());
        Tensor lse = zeros(tokens, shape.heads());
        Runnable forward = () -> backend.attention(fused, shape, segments, out, lse);
        forward.run();
        Tensor dFused = random(random, tokens, shape.fusedColumns());
        backend.attentionBackward(fused, shape, segments, out, lse, dOut, dFused);
        assertGradient(fused, dFused, out, dOut, forward);
    }

    @Property(tries = 20)
    void gatedActivationGradients(@ForAll long seed, @ForAll Activation activation) {
        Random random = new Random(seed);
        Tensor gateUp = map(random(random, 2, 6), v -> 3 * v);
        Tensor dOut = random(random, 2, 3);
        Tensor y = zeros(2, 3);
        Tensor dGateUp = zeros(2, 6);
        backend.gatedActivationBackward(gateUp, activation, dOut, dGateUp);
        assertGradient(gateUp, dGateUp, y, dOut, () -> backend.gatedActivation(gateUp, activation, y));

        Tensor inPlace = map(gateUp, v -> v);
        backend.gatedActivationBackward(inPlace, activation, dOut, inPlace);
        assertArrayEquals(dGateUp.toArray(), inPlace.toArray());
    }

    @Property(tries = 20)
    void targetLogpsGradients(@ForAll long seed, @ForAll @IntRange(min = 1, max = 5) int vocabulary) {
        Random random = new Random(seed);
        Tensor logits = random(random, 2, vocabulary);
        int[] targets = {99, random.nextInt(vocabulary), random.nextInt(vocabulary)};
        double[] coefficients = {99, random.nextGaussian(), random.nextGaussian()};
        double[] logps = new double[3];
        Tensor lse = zeros(2, 1);
        Runnable forward = () -> backend.targetLogps(logits, targets, 1, logps, lse);
        forward.run();
        Tensor gradient = map(logits, v -> v);
        backend.targetLogpsBackward(gradient, lse, targets, 1, coefficients);

        Tensor y = zeros(1, 2);
        assertGradient(logits, gradient, y, backend.tensor(1, 2, coefficients[1], coefficients[2]), () -> {
            forward.run();
            plain(y).set(0, 0, logps[1]);
            plain(y).set(0, 1, logps[2]);
        });
    }

    @Test
    void mixRows() {
        Random random = new Random(13);
        int[] rows = {3, 0, 1, 2};
        double[] shares = {2, -1, 0.5, 3};
        Tensor x = backend.tensor(4, 1, 1, 10, 100, 1000);
        Tensor mixed = backend.tensor(2, 1, 7, 0);
        backend.mixRows(x, rows, shares, mixed);
        assertArrayEquals(new double[] {7 + 2 * 1000 - 1, 0.5 * 10 + 3 * 100}, mixed.toArray());

        Tensor wide = random(random, 4, 3);
        Tensor dOut = random(random, 2, 3);
        Tensor dX = random(random, 4, 3);
        double[] dShares = new double[4];
        backend.mixRowsBackward(wide, rows, shares, dOut, dX, dShares);
        Tensor y = zeros(2, 3);
        Runnable forward = () -> {
            backend.zero(y);
            backend.mixRows(wide, rows, shares, y);
        };
        assertGradient(wide, dX, y, dOut, forward);
        for (int p = 0; p < 4; p++) {
            shares[p]++;
            double above = dot(dOut, y, forward);
            shares[p] -= 2;
            assertEquals((above - dot(dOut, y, forward)) / 2, dShares[p], TOLERANCE);
            shares[p]++;
        }
    }

    /** That {@code gradient} is the gradient of Σ dOut·y by {@code x}, where {@code forward} computes y from x. */
    private static void assertGradient(Tensor x, Tensor gradient, Tensor y, Tensor dOut, Runnable forward) {
        for (int i = 0; i < x.rows(); i++) {
            for (int j = 0; j < x.columns(); j++) {
                double original = plain(x).get(i, j);
                plain(x).set(i, j, original + STEP);
                double above = dot(dOut, y, forward);
                plain(x).set(i, j, original - STEP);
                double below = dot(dOut, y, forward);
                plain(x).set(i, j, original);
                double expected = (above - below) / (2 * STEP);
                assertEquals(expected, plain(gradient).get(i, j), TOLERANCE * (1 + Math.abs(expected)), i + ", " + j);
            }
        }
        forward.run();
    }

    private static double dot(Tensor dOut, Tensor y, Runnable forward) {
        forward.run();
        double[] a = dOut.toArray();
        double[] b = y.toArray();
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private Tensor random(Random random, int rows, int columns) {
        return backend.tensor(
                rows, columns, random.doubles((long) rows * columns, -1.5, 1.5).toArray());
    }

    private Tensor zeros(int rows, int columns) {
        return backend.allocate((long) rows * columns).tensor(0, rows, columns);
    }

    private Tensor map(Tensor x, DoubleUnaryOperator f) {
        return backend.tensor(
                x.rows(), x.columns(), Arrays.stream(x.toArray()).map(f).toArray());
    }

    private static PlainTensor plain(Tensor tensor) {
        return (PlainTensor) tensor;
    }
}
