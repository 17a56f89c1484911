package ai.rpo.core.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.tensor.cpu.CpuVariants;
import ai.rpo.core.tensor.cuda.EmulatedDevice;
import ai.rpo.core.tensor.nd4j.Nd4jBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every operation of every float32 backend against the plain one, over odd sizes and extreme values. All tensors lie
 * at odd offsets between guards that no operation may touch.
 */
@ParameterizedClass(name = "{0}")
@MethodSource("backends")
class BackendAgreementTest {

    private static final double TOLERANCE = 1e-5;
    private static final int[] SIZES = {1, 2, 3, 5, 8, 13, 17, 31, 64, 65};

    static Stream<Arguments> backends() {
        Map<String, Backend> backends = new LinkedHashMap<>(EmulatedDevice.backends());
        if (!EmulatedDevice.isReal()) {
            backends.putAll(CpuVariants.all());
            backends.put("ND4J", new Nd4jBackend());
        }
        return backends.entrySet().stream().map(entry -> Arguments.of(entry.getKey(), entry.getValue()));
    }

    @Parameter(0)
    String name;

    @Parameter(1)
    Backend backend;

    private final PlainBackend plain = new PlainBackend();
    private final Random random = new Random(42);
    private final List<Twin> twins = new ArrayList<>();

    @AfterEach
    void nothingAroundTheTensorsChanged() {
        twins.forEach(Twin::assertGuards);
    }

    @Test
    void storageReadsWhatWasWritten() {
        Storage storage = backend.allocate(100);
        float[] values = {1.5f, Float.MIN_VALUE, -3e38f, 7};
        storage.write(50, values, 1, 3);
        float[] read = new float[5];
        storage.read(49, read, 0, 5);
        assertArrayEquals(new float[] {0, Float.MIN_VALUE, -3e38f, 7, 0}, read);
        assertArrayEquals(
                new double[] {0, Float.MIN_VALUE, -3e38f, 7},
                storage.tensor(49, 2, 2).toArray());
        assertThrows(IndexOutOfBoundsException.class, () -> storage.tensor(97, 2, 2));
        assertThrows(IndexOutOfBoundsException.class, () -> storage.write(98, values, 0, 3));
    }

    @Test
    void wrongShapesAreRefused() {
        Tensor small = backend.allocate(6).tensor(0, 2, 3);
        Tensor other = backend.allocate(6).tensor(0, 3, 2);
        assertThrows(IllegalArgumentException.class, () -> backend.add(small, other));
        assertThrows(IllegalArgumentException.class, () -> backend.linear(small, other, small, false));
        assertThrows(IllegalArgumentException.class, () -> backend.gatherRows(small, new int[] {2, 0}, small));
    }

    @Test
    void elementwise() {
        for (int size : SIZES) {
            Twin x = normal(3, size, 1);
            Twin y = normal(3, size, 1);
            plain.add(x.exact, y.exact);
            backend.add(x.fast, y.fast);
            y.assertAgrees();
            plain.copy(x.exact, y.exact);
            backend.copy(x.fast, y.fast);
            y.assertAgrees();
            Twin row = normal(1, size, 1);
            plain.addRow(row.exact, y.exact);
            backend.addRow(row.fast, y.fast);
            y.assertAgrees();
            plain.addRowBackward(y.exact, row.exact);
            backend.addRowBackward(y.fast, row.fast);
            row.assertAgrees();
            plain.scale(y.exact, -1.7);
            backend.scale(y.fast, -1.7);
            y.assertAgrees();
            assertEquals(1, backend.norm(y.fast) / plain.norm(y.exact), TOLERANCE);
            plain.zero(x.exact);
            backend.zero(x.fast);
            x.assertAgrees();
            assertEquals(0, backend.norm(x.fast));
        }
    }

    @Test
    void normOfManyAndOfExtremes() {
        Twin x = normal(1000, 123, 1e10);
        assertEquals(1, backend.norm(x.fast) / plain.norm(x.exact), TOLERANCE);
        Storage storage = backend.allocate(50_000);
        storage.write(49_999, new float[] {Float.NaN}, 0, 1);
        assertTrue(Double.isNaN(backend.norm(storage.tensor(0, 1, 50_000))));
        storage.write(49_999, new float[] {Float.NEGATIVE_INFINITY}, 0, 1);
        assertEquals(Double.POSITIVE_INFINITY, backend.norm(storage.tensor(0, 1, 50_000)));
    }

    @Test
    void rowMovement() {
        for (int columns : SIZES) {
            Twin table = normal(7, columns, 1);
            int[] rows = {6, 0, 3, 3, 3, 6};
            Twin out = normal(rows.length, columns, 1);
            plain.gatherRows(table.exact, rows, out.exact);
            backend.gatherRows(table.fast, rows, out.fast);
            out.assertAgrees();
            plain.scatterAddRows(out.exact, rows, table.exact);
            backend.scatterAddRows(out.fast, rows, table.fast);
            table.assertAgrees();
        }
    }

    @Test
    void columnMovement() {
        for (int columns : SIZES) {
            Twin narrow = normal(5, columns, 1);
            Twin wide = normal(5, columns + 3, 1);
            plain.addColumns(narrow.exact, 0, wide.exact, 2, columns);
            backend.addColumns(narrow.fast, 0, wide.fast, 2, columns);
            wide.assertAgrees();
            plain.addColumns(wide.exact, 3, narrow.exact, 0, columns);
            backend.addColumns(wide.fast, 3, narrow.fast, 0, columns);
            narrow.assertAgrees();
        }
    }

    @Test
    void mixingOfRowsAndItsGradients() {
        for (int columns : SIZES) {
            for (int parts : new int[] {1, 2, 5}) {
                int[] rows = permutation(7 * parts);
                double[] shares = random.doubles(rows.length, -1, 1).toArray();
                Twin x = normal(rows.length, columns, 1);
                Twin into = normal(7, columns, 1);
                plain.mixRows(x.exact, rows, shares, into.exact);
                backend.mixRows(x.fast, rows, shares, into.fast);
                into.assertAgrees();
                Twin dOut = normal(7, columns, 1);
                Twin dX = normal(rows.length, columns, 1);
                double[] exact = new double[rows.length];
                double[] fast = new double[rows.length];
                plain.mixRowsBackward(x.exact, rows, shares, dOut.exact, dX.exact, exact);
                backend.mixRowsBackward(x.fast, rows, shares, dOut.fast, dX.fast, fast);
                dX.assertAgrees();
                assertArrayEquals(exact, fast, TOLERANCE * columns);
                backend.mixRowsBackward(x.fast, rows, shares, dOut.fast, x.fast, fast);
                assertArrayEquals(dX.fast.toArray(), x.fast.toArray(), "in place");
                assertArrayEquals(exact, fast, TOLERANCE * columns);
            }
        }
        Tensor two = backend.allocate(6).tensor(0, 2, 3);
        int[] twice = {1, 1};
        assertThrows(IllegalArgumentException.class, () -> backend.mixRows(two, twice, new double[2], two.rows(0, 1)));
    }

    private int[] permutation(int length) {
        int[] order = new int[length];
        for (int i = 0; i < length; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    @Test
    void setsNumbers() {
        for (int columns : SIZES) {
            Twin out = normal(3, columns, 1);
            double[] numbers = random.doubles(3L * columns, -1, 1).toArray();
            plain.set(numbers, out.exact);
            backend.set(numbers, out.fast);
            out.assertAgrees();
        }
    }

    @Test
    void magnitudes() {
        for (int rows : SIZES) {
            for (int columns : SIZES) {
                Twin x = normal(rows, columns, 1);
                Twin y = normal(rows, columns, 1);
                Twin row = normal(1, columns, 1);
                Twin norms = normal(1, rows, 1);
                plain.inverseRowNorms(x.exact, norms.exact);
                backend.inverseRowNorms(x.fast, norms.fast);
                norms.assertAgrees();
                plain.scaleColumns(x.exact, row.exact, y.exact);
                backend.scaleColumns(x.fast, row.fast, y.fast);
                y.assertAgrees();
                plain.columnDots(x.exact, y.exact, row.exact);
                backend.columnDots(x.fast, y.fast, row.fast);
                row.assertAgrees();
                backend.scaleColumns(x.fast, row.fast, y.fast);
                backend.scaleColumns(x.fast, row.fast, x.fast);
                assertArrayEquals(y.fast.toArray(), x.fast.toArray(), "in place");
            }
        }
    }

    @Test
    void unpacking() {
        for (Packing packing : Packing.values()) {
            for (int columns : SIZES) {
                for (int block : new int[] {1, 7, 64, columns}) {
                    int rows = 300;
                    float[] numbers = new float[rows * columns];
                    for (int i = 0; i < numbers.length; i++) {
                        numbers[i] = (float) random.nextGaussian();
                    }
                    PackedMatrix matrix = PackedMatrix.of(
                            packing,
                            rows,
                            columns,
                            block,
                            (offset, target, length) -> System.arraycopy(numbers, (int) offset, target, 0, length));
                    Packed exact = plain.pack(matrix);
                    Packed fast = backend.pack(matrix);
                    for (int[] window : new int[][] {{0, rows}, {1, 3}, {17, 283}, {299, 1}}) {
                        Twin out = normal(window[1], columns, 1);
                        plain.unpack(exact, window[0], out.exact);
                        backend.unpack(fast, window[0], out.fast);
                        assertArrayEquals(out.exact.toArray(), out.fast.toArray(), 1e-6);
                    }
                    Tensor two = backend.allocate(2L * columns).tensor(0, 2, columns);
                    assertThrows(IndexOutOfBoundsException.class, () -> backend.unpack(fast, rows - 1, two));
                }
            }
        }
    }

    @Test
    void dropout() {
        for (int columns : SIZES) {
            long[] keys = random.longs(4).toArray();
            Twin x = normal(4, columns, 1);
            Twin out = normal(4, columns, 1);
            plain.dropout(x.exact, 0.3, keys, out.exact);
            backend.dropout(x.fast, 0.3, keys, out.fast);
            out.assertAgrees();
            backend.dropout(x.fast, 0.3, keys, x.fast);
            assertArrayEquals(out.fast.toArray(), x.fast.toArray(), "in place");
        }
    }

    @Test
    void linearAndItsGradients() {
        for (int tokens : SIZES) {
            for (int columns : SIZES) {
                int outColumns = SIZES[random.nextInt(SIZES.length)];
                Twin x = normal(tokens, columns, 1);
                Twin weight = normal(outColumns, columns, 1);
                Twin y = normal(tokens, outColumns, 1);
                for (boolean accumulate : new boolean[] {true, false}) {
                    plain.linear(x.exact, weight.exact, y.exact, accumulate);
                    backend.linear(x.fast, weight.fast, y.fast, accumulate);
                    y.assertAgrees();
                    plain.linearBackwardInput(y.exact, weight.exact, x.exact, accumulate);
                    backend.linearBackwardInput(y.fast, weight.fast, x.fast, accumulate);
                    x.assertAgrees();
                }
                plain.linearBackwardWeight(y.exact, x.exact, weight.exact);
                backend.linearBackwardWeight(y.fast, x.fast, weight.fast);
                weight.assertAgrees();
            }
        }
    }

    /** Products that are cut for several threads, or that another library computes than the small ones above. */
    @Test
    void linearOfLargeSizes() {
        int[][] sizes = {
            {70, 512, 256},
            {300, 40, 512},
            {700, 33, 1300},
            {1300, 40, 770},
            {513, 256, 257},
            {1, 1500, 700},
            {5, 1500, 2100},
            {16, 130, 5000},
            {33, 64, 4500},
            {64, 2048, 1100}
        };
        for (int[] size : sizes) {
            Twin x = normal(size[0], size[1], 1);
            Twin weight = normal(size[2], size[1], 1);
            Twin y = normal(size[0], size[2], 1);
            for (boolean accumulate : new boolean[] {false, true}) {
                plain.linear(x.exact, weight.exact, y.exact, accumulate);
                backend.linear(x.fast, weight.fast, y.fast, accumulate);
                y.assertAgrees();
            }
            plain.linearBackwardWeight(y.exact, x.exact, weight.exact);
            backend.linearBackwardWeight(y.fast, x.fast, weight.fast);
            weight.assertAgrees();
            plain.linearBackwardInput(y.exact, weight.exact, x.exact, false);
            backend.linearBackwardInput(y.fast, weight.fast, x.fast, false);
            x.assertAgrees();
        }
    }

    /** What an output held before must not matter, not even NaN. */
    @Test
    void linearOverwritesNaN() {
        Tensor x = backend.allocate(6).tensor(0, 2, 3);
        Storage result = backend.allocate(4);
        result.write(0, new float[] {Float.NaN, Float.NaN, Float.NaN, Float.NaN}, 0, 4);
        backend.linear(x, x, result.tensor(0, 2, 2), false);
        assertArrayEquals(new double[4], result.tensor(0, 2, 2).toArray());
    }

    @Test
    void rmsNormAndItsGradients() {
        for (double magnitude : new double[] {1, 1e-6, 1e4}) {
            for (int columns : SIZES) {
                int tokens = SIZES[random.nextInt(SIZES.length)];
                Twin x = normal(tokens, columns, magnitude);
                Twin weight = normal(1, columns, 1);
                Twin out = normal(tokens, columns, 1);
                Twin inverseRms = normal(tokens, 1, 1);
                plain.rmsNorm(x.exact, weight.exact, 1e-6, out.exact, inverseRms.exact);
                backend.rmsNorm(x.fast, weight.fast, 1e-6, out.fast, inverseRms.fast);
                out.assertAgrees();
                inverseRms.assertAgrees();

                Twin dOut = normal(tokens, columns, 1);
                Twin intoX = normal(tokens, columns, 1);
                Twin intoWeight = normal(1, columns, 1);
                plain.rmsNormBackward(
                        x.exact, weight.exact, inverseRms.exact, dOut.exact, intoX.exact, intoWeight.exact);
                backend.rmsNormBackward(x.fast, weight.fast, inverseRms.fast, dOut.fast, intoX.fast, intoWeight.fast);
                intoX.assertAgrees();
                intoWeight.assertAgrees();
            }
        }
    }

    @Test
    void layerNormAndItsGradients() {
        for (double magnitude : new double[] {1, 1e-2, 1e4}) {
            for (int columns : SIZES) {
                int tokens = SIZES[random.nextInt(SIZES.length)];
                Twin x = normal(tokens, columns, magnitude);
                Twin weight = normal(1, columns, 1);
                Twin bias = normal(1, columns, 1);
                Twin out = normal(tokens, columns, 1);
                Twin statistics = normal(tokens, 2, 1);
                plain.layerNorm(x.exact, weight.exact, bias.exact, 1e-5, out.exact, statistics.exact);
                backend.layerNorm(x.fast, weight.fast, bias.fast, 1e-5, out.fast, statistics.fast);
                out.assertAgrees(10 * TOLERANCE);
                statistics.assertAgrees();

                Twin dOut = normal(tokens, columns, 1);
                Twin intoX = normal(tokens, columns, 1);
                Twin intoWeight = normal(1, columns, 1);
                plain.layerNormBackward(
                        x.exact, weight.exact, statistics.exact, dOut.exact, intoX.exact, intoWeight.exact, bias.exact);
                backend.layerNormBackward(
                        x.fast, weight.fast, statistics.fast, dOut.fast, intoX.fast, intoWeight.fast, bias.fast);
                intoX.assertAgrees(10 * TOLERANCE);
                intoWeight.assertAgrees(10 * TOLERANCE);
                bias.assertAgrees();
            }
        }
    }

    @Test
    void headNormAndItsGradients() {
        AttentionShape[] shapes = {
            new AttentionShape(1, 1, 2, 1), new AttentionShape(6, 2, 5, 1), new AttentionShape(9, 3, 64, 1)
        };
        for (AttentionShape shape : shapes) {
            for (int tokens : new int[] {1, 2, 17}) {
                Twin fused = normal(tokens, shape.fusedColumns(), 1);
                Twin query = normal(1, shape.headDim(), 1);
                Twin key = normal(1, shape.headDim(), 1);
                Twin out = normal(tokens, shape.fusedColumns(), 1);
                Twin inverse = normal(tokens, shape.heads() + shape.keyValueHeads(), 1);
                plain.headNorm(fused.exact, shape, query.exact, key.exact, 1e-6, out.exact, inverse.exact);
                backend.headNorm(fused.fast, shape, query.fast, key.fast, 1e-6, out.fast, inverse.fast);
                out.assertAgrees();
                inverse.assertAgrees();

                Twin gradient = normal(tokens, shape.fusedColumns(), 1);
                Twin intoQuery = normal(1, shape.headDim(), 1);
                Twin intoKey = normal(1, shape.headDim(), 1);
                plain.headNormBackward(
                        fused.exact,
                        shape,
                        query.exact,
                        key.exact,
                        inverse.exact,
                        gradient.exact,
                        intoQuery.exact,
                        intoKey.exact);
                backend.headNormBackward(
                        fused.fast,
                        shape,
                        query.fast,
                        key.fast,
                        inverse.fast,
                        gradient.fast,
                        intoQuery.fast,
                        intoKey.fast);
                gradient.assertAgrees();
                intoQuery.assertAgrees();
                intoKey.assertAgrees();
            }
        }
    }

    @Test
    void softCaps() {
        for (double magnitude : new double[] {1, 1e4}) {
            Twin x = normal(5, 1000, magnitude);
            Twin gradient = normal(5, 1000, 1);
            plain.softCap(x.exact, 30);
            backend.softCap(x.fast, 30);
            x.assertAgrees();
            plain.softCapBackward(x.exact, 30, gradient.exact);
            backend.softCapBackward(x.fast, 30, gradient.fast);
            gradient.assertAgrees();
        }
    }

    @Test
    void rotary() {
        for (int half : new int[] {1, 3, 8, 16, 33}) {
            AttentionShape shape = new AttentionShape(6, 3, 2 * half + (half == 8 ? 6 : 0), 1); // or only a part
            int[] positions = {0, 4, 1, 1, 3};
            Twin fused = normal(positions.length, shape.fusedColumns(), 1);
            Twin cos = normal(5, half, 1);
            Twin sin = normal(5, half, 1);
            for (boolean inverse : new boolean[] {false, true}) {
                plain.rotary(fused.exact, shape, positions, cos.exact, sin.exact, inverse);
                backend.rotary(fused.fast, shape, positions, cos.fast, sin.fast, inverse);
                fused.assertAgrees();
            }
        }
    }

    @Test
    void attentionAndItsGradients() {
        AttentionShape[] shapes = {
            new AttentionShape(1, 1, 1, 1),
            new AttentionShape(4, 4, 8, 0.3),
            new AttentionShape(6, 2, 5, 0.5),
            new AttentionShape(2, 1, 33, 0.2),
            new AttentionShape(9, 3, 64, 0.125),
            new AttentionShape(4, 2, 8, 0.3, 0, 6),
            new AttentionShape(4, 2, 8, 0.3, 2, 0),
            new AttentionShape(4, 2, 8, 0.3, 5, 1)
        };
        int[][] pairs = {{1, 1, 1}, {0, 3, 0}, {5, 1, 2}, {33, 7, 40}, {16, 65, 1}, {70, 130, 64}};
        for (AttentionShape shape : shapes) {
            for (int[] pair : pairs) {
                attention(shape, packed(pair, 1), 1);
            }
            attention(shape, packed(new int[] {9, 4, 20}, 3), 1);
            attention(shape, packed(new int[] {9, 4, 20}, 2), 40); // scores of thousands: one-hot softmax
        }
    }

    @Test
    void attentionOfSomeRows() {
        AttentionShape[] shapes = {
            new AttentionShape(6, 2, 5, 0.5),
            new AttentionShape(9, 3, 64, 0.125),
            new AttentionShape(4, 2, 8, 0.3, 0, 6),
            new AttentionShape(4, 2, 8, 0.3, 2, 0),
        };
        for (AttentionShape shape : shapes) {
            attention(shape, withoutBeginnings(packed(new int[] {9, 4, 20}, 3)), 1);
            attention(shape, withoutBeginnings(packed(new int[] {70, 130, 64}, 1)), 1);
        }
    }

    private void attention(AttentionShape shape, List<Segment> segments, double magnitude) {
        int tokens =
                segments.stream().mapToInt(s -> s.start() + s.length()).max().orElseThrow();
        Twin fused = normal(tokens, shape.fusedColumns(), magnitude);
        Twin out = normal(tokens, shape.queryColumns(), 1);
        Twin logSumExp = normal(tokens, shape.heads(), 1);
        plain.attention(fused.exact, shape, segments, out.exact, logSumExp.exact);
        backend.attention(fused.fast, shape, segments, out.fast, logSumExp.fast);
        logSumExp.assertAgrees();
        if (magnitude > 1) {
            // Scores of thousands are rounded by more than a softmax near a tie can bear.
            out.assertFinite();
            return;
        }
        out.assertAgrees();
        Twin dOut = normal(tokens, shape.queryColumns(), 1);
        Twin dFused = normal(tokens, shape.fusedColumns(), 1);
        plain.attentionBackward(fused.exact, shape, segments, out.exact, logSumExp.exact, dOut.exact, dFused.exact);
        backend.attentionBackward(fused.fast, shape, segments, out.fast, logSumExp.fast, dOut.fast, dFused.fast);
        dFused.assertAgrees(10 * TOLERANCE);
    }

    /** Of each prompt only the last row looks at anything. */
    private static List<Segment> withoutBeginnings(List<Segment> segments) {
        return segments.stream()
                .map(s -> s.prefixLength() > 0
                        ? s
                        : new Segment(s.start() + s.length() - 1, 1, s.start(), s.length() - 1))
                .toList();
    }

    /** {@code count} times a prompt and its two completions, of these lengths. */
    private static List<Segment> packed(int[] lengths, int count) {
        List<Segment> segments = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < count; i++) {
            int prompt = start;
            segments.add(new Segment(prompt, lengths[0], 0, 0));
            segments.add(new Segment(prompt + lengths[0], lengths[1], prompt, lengths[0]));
            segments.add(new Segment(prompt + lengths[0] + lengths[1], lengths[2], prompt, lengths[0]));
            start += lengths[0] + lengths[1] + lengths[2];
        }
        return segments;
    }

    @Test
    void attentionToCaches() {
        int[][] lengths = {{1, 0}, {1, 1}, {1, 40}, {70, 0}, {5, 9}, {1, 130}}; // new rows and cached ones
        for (int window : new int[] {0, 1, 4}) {
            for (double cap : new double[] {0, 2}) {
                for (int[] heads : new int[][] {{4, 4, 5}, {6, 2, 8}, {3, 1, 33}}) {
                    cachedAttention(new AttentionShape(heads[0], heads[1], heads[2], 0.4, cap, window), lengths);
                }
            }
        }
    }

    private void cachedAttention(AttentionShape shape, int[][] lengths) {
        List<CachedSegment> exact = new ArrayList<>();
        List<CachedSegment> fast = new ArrayList<>();
        List<Twin> caches = new ArrayList<>();
        int rows = 1; // of no segment
        for (int[] length : lengths) {
            Twin cache = normal(length[0] + length[1] + 2, 2 * shape.keyColumns(), 1);
            exact.add(new CachedSegment(rows, length[0], cache.exact, length[1]));
            fast.add(new CachedSegment(rows, length[0], cache.fast, length[1]));
            caches.add(cache);
            rows += length[0];
        }
        Twin fused = normal(rows, shape.fusedColumns(), 1);
        Twin out = normal(rows, shape.queryColumns(), 1);
        Twin logSumExp = normal(rows, shape.heads(), 1);
        plain.cachedAttention(fused.exact, shape, exact, out.exact, logSumExp.exact);
        backend.cachedAttention(fused.fast, shape, fast, out.fast, logSumExp.fast);
        out.assertAgrees();
        logSumExp.assertAgrees();
        caches.forEach(Twin::assertAgrees);
    }

    @Test
    void aCacheThatIsFullIsRefused() {
        AttentionShape shape = new AttentionShape(2, 1, 3, 1);
        Twin fused = normal(2, shape.fusedColumns(), 1);
        Twin out = normal(2, shape.queryColumns(), 1);
        Twin cache = normal(4, 2 * shape.keyColumns(), 1);
        List<CachedSegment> full = List.of(new CachedSegment(0, 2, cache.fast, 3));
        Twin logSumExp = normal(2, shape.heads(), 1);
        assertThrows(
                IllegalArgumentException.class,
                () -> backend.cachedAttention(fused.fast, shape, full, out.fast, logSumExp.fast));
    }

    @Test
    void attentionSinksAndTheirGradients() {
        for (int width : new int[] {1, 5, 33, 64}) {
            for (double magnitude : new double[] {1, 30, 300}) {
                AttentionShape shape = new AttentionShape(6, 2, width, 1);
                int rows = SIZES[random.nextInt(SIZES.length)];
                Twin sinks = normal(1, 6, magnitude);
                Twin out = normal(rows, shape.queryColumns(), 1);
                Twin logSumExp = normal(rows, 6, magnitude);
                plain.attentionSinks(sinks.exact, shape, out.exact, logSumExp.exact);
                backend.attentionSinks(sinks.fast, shape, out.fast, logSumExp.fast);
                // A float32 of hundreds is off by up to half its last digit, which the exponential makes a share.
                double tolerance = Math.max(TOLERANCE, magnitude * 4 * Math.ulp(1f));
                out.assertAgrees(tolerance);
                logSumExp.assertAgrees();
                Twin dOut = normal(rows, shape.queryColumns(), 1);
                Twin into = normal(1, 6, 1);
                plain.attentionSinksBackward(sinks.exact, shape, out.exact, logSumExp.exact, dOut.exact, into.exact);
                backend.attentionSinksBackward(sinks.fast, shape, out.fast, logSumExp.fast, dOut.fast, into.fast);
                into.assertAgrees(10 * tolerance);
            }
        }
    }

    @Test
    void clampedGatesAndTheirGradients() {
        ClampedGate gate = new ClampedGate(1.702, 2);
        for (double magnitude : new double[] {1, 10, 1e4}) {
            for (int columns : SIZES) {
                Twin gateUp = normal(3, 2 * columns, magnitude);
                Twin out = normal(3, columns, 1);
                plain.clampedGate(gateUp.exact, gate, out.exact);
                backend.clampedGate(gateUp.fast, gate, out.fast);
                out.assertAgrees();
                Twin dOut = normal(3, columns, 1);
                Twin dGateUp = normal(3, 2 * columns, 1);
                plain.clampedGateBackward(gateUp.exact, gate, dOut.exact, dGateUp.exact);
                backend.clampedGateBackward(gateUp.fast, gate, dOut.fast, dGateUp.fast);
                dGateUp.assertAgrees();
                backend.clampedGateBackward(gateUp.fast, gate, dOut.fast, gateUp.fast);
                assertArrayEquals(dGateUp.fast.toArray(), gateUp.fast.toArray(), "in place");
            }
        }
    }

    @Test
    void gatedActivationsAndTheirGradients() {
        for (Activation activation : Activation.values()) {
            for (double magnitude : new double[] {1, 10, 1e4}) {
                for (int columns : SIZES) {
                    Twin gateUp = normal(3, 2 * columns, magnitude);
                    Twin out = normal(3, columns, 1);
                    plain.gatedActivation(gateUp.exact, activation, out.exact);
                    backend.gatedActivation(gateUp.fast, activation, out.fast);
                    out.assertAgrees();
                    Twin dOut = normal(3, columns, 1);
                    Twin dGateUp = normal(3, 2 * columns, 1);
                    plain.gatedActivationBackward(gateUp.exact, activation, dOut.exact, dGateUp.exact);
                    backend.gatedActivationBackward(gateUp.fast, activation, dOut.fast, dGateUp.fast);
                    dGateUp.assertAgrees();
                    plain.gatedActivationBackward(gateUp.exact, activation, dOut.exact, gateUp.exact);
                    backend.gatedActivationBackward(gateUp.fast, activation, dOut.fast, gateUp.fast);
                    gateUp.assertAgrees();
                }
            }
        }
    }

    @Test
    void activationsAndTheirGradients() {
        for (Activation activation : Activation.values()) {
            for (double magnitude : new double[] {1, 10, 1e4}) {
                for (int columns : SIZES) {
                    Twin x = normal(3, columns, magnitude);
                    Twin out = normal(3, columns, 1);
                    Twin dOut = normal(3, columns, 1);
                    plain.activation(x.exact, activation, out.exact);
                    backend.activation(x.fast, activation, out.fast);
                    out.assertAgrees(10 * TOLERANCE);
                    plain.activationBackward(x.exact, activation, dOut.exact, x.exact);
                    backend.activationBackward(x.fast, activation, dOut.fast, x.fast);
                    x.assertAgrees(10 * TOLERANCE);
                }
            }
        }
    }

    @Test
    void targetLogpsAndTheirGradients() {
        for (double magnitude : new double[] {1, 30, 1e4}) {
            for (int vocabulary : new int[] {1, 2, 7, 64, 1000, 4099}) {
                int rows = 1 + random.nextInt(9);
                Twin logits = normal(rows, vocabulary, magnitude);
                Twin logSumExp = normal(rows, 1, 1);
                int[] targets = random.ints(rows + 2, 0, vocabulary).toArray();
                double[] coefficients = random.doubles(rows + 2, -2, 2).toArray();
                double[] expected = new double[rows + 2];
                double[] actual = new double[rows + 2];
                plain.targetLogps(logits.exact, targets, 1, expected, logSumExp.exact);
                backend.targetLogps(logits.fast, targets, 1, actual, logSumExp.fast);
                for (int i = 0; i < expected.length; i++) {
                    assertEquals(expected[i], actual[i], 2e-6 * (1 + Math.abs(expected[i])));
                }
                logSumExp.assertAgrees();
                plain.targetLogpsBackward(logits.exact, logSumExp.exact, targets, 1, coefficients);
                backend.targetLogpsBackward(logits.fast, logSumExp.fast, targets, 1, coefficients);
                // A float32 log-sum-exp of thousands is off by up to half its last digit.
                logits.assertAgrees(Math.max(TOLERANCE, magnitude * 4 * Math.ulp(1f)));
            }
        }
    }

    @Test
    void adam() {
        for (int size : SIZES) {
            Twin parameters = normal(1, size, 1e-2);
            Twin first = normal(1, size, 0);
            Twin second = normal(1, size, 0);
            for (int number = 1; number <= 3; number++) {
                Twin gradient = normal(1, size, 1e-3); // the last one was used up
                AdamStep step = new AdamStep(1e-3, 0.9, 0.999, 1e-8, number == 2 ? 0 : 0.1, number);
                plain.adam(parameters.exact, gradient.exact, first.exact, second.exact, step);
                backend.adam(parameters.fast, gradient.fast, first.fast, second.fast, step);
                parameters.assertAgrees();
                first.assertAgrees();
                second.assertAgrees();
            }
        }
    }

    private Twin normal(int rows, int columns, double magnitude) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (magnitude * random.nextGaussian());
        }
        Twin twin = Twin.of(plain, backend, rows, columns, values);
        twins.add(twin);
        return twin;
    }

    /** The same numbers in both backends. */
    private record Twin(Storage fastStorage, Tensor exact, Tensor fast) {

        private static final double SMALL = 0.01;
        private static final int GUARD = 19;
        private static final float SENTINEL = 12345.678f;

        static Twin of(PlainBackend plain, Backend backend, int rows, int columns, float[] values) {
            float[] guarded = new float[values.length + 2 * GUARD];
            Arrays.fill(guarded, SENTINEL);
            System.arraycopy(values, 0, guarded, GUARD, values.length);
            Storage exactStorage = plain.allocate(guarded.length);
            Storage fastStorage = backend.allocate(guarded.length);
            exactStorage.write(0, guarded, 0, guarded.length);
            fastStorage.write(0, guarded, 0, guarded.length);
            return new Twin(
                    fastStorage, exactStorage.tensor(GUARD, rows, columns), fastStorage.tensor(GUARD, rows, columns));
        }

        void assertAgrees() {
            assertAgrees(TOLERANCE);
        }

        /** Within {@code tolerance} of the largest number in the same row, or of 0.01 if all are smaller; then the exact one takes the fast one's values. */
        void assertAgrees(double tolerance) {
            PlainTensor expected = (PlainTensor) exact;
            double[] actual = fast.toArray();
            int columns = exact.columns();
            for (int i = 0; i < exact.rows(); i++) {
                double largest = SMALL;
                for (int j = 0; j < columns; j++) {
                    largest = Math.max(largest, Math.abs(expected.get(i, j)));
                }
                for (int j = 0; j < columns; j++) {
                    double value = actual[i * columns + j];
                    assertEquals(
                            expected.get(i, j),
                            value,
                            tolerance * largest,
                            "row " + i + ", column " + j + " of [" + exact.rows() + ", " + columns + "]");
                    expected.set(i, j, value);
                }
            }
        }

        void assertFinite() {
            for (double value : fast.toArray()) {
                assertTrue(Double.isFinite(value), "not finite: " + value);
            }
        }

        void assertGuards() {
            float[] all = new float[(int) fastStorage.size()];
            fastStorage.read(0, all, 0, all.length);
            for (int i = 0; i < GUARD; i++) {
                assertEquals(SENTINEL, all[i], "before the tensor");
                assertEquals(SENTINEL, all[all.length - 1 - i], "after the tensor");
            }
        }
    }
}
