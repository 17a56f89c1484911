package ai.rpo.core.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CpuBackendTest {

    @Test
    void saysWhatComputesAndWhyNotAsAskedFor() {
        String asked = CpuBackend.create(true, 1).describe();
        Bfloat16Choice choice = Bfloat16Choice.here(OneDnn.shared());
        assertTrue(asked.endsWith(choice.description() + ", 1 thread"), asked);
        assertTrue(CpuBackend.create(false, 3).describe().endsWith("float32, 3 threads"));
    }

    /** Where the processor has no bfloat16, the backend computes in float32, and is compared with that. */
    @ParameterizedTest
    @CsvSource({
        "16, 16, 16",
        "17, 33, 129",
        "200, 1031, 300",
        "1031, 70, 64",
        "15, 64, 64",
        "300, 64, 8",
        "1, 2000, 90",
        "300, 1536, 64" // see OneDnn.addsWrongly
    })
    void roundsTheOperandsOfProductsUnlessTheyAreSmall(int tokens, int out, int in) {
        Backend own = CpuBackend.create(true, 2);
        Backend exact = CpuBackend.create(false, 1);
        boolean rounds = own.products() == Precision.BFLOAT16 && Math.min(Math.min(tokens, out), in) >= 16;
        Backend expected = rounds ? RoundedProducts.of(exact) : exact;
        Tensor x = random(exact, tokens, in);
        Tensor weight = random(exact, out, in);
        Tensor dOut = random(exact, tokens, out);
        assertClose(expected, own, tokens, out, (backend, result) -> backend.linear(x, weight, result, false));
        assertClose(expected, own, tokens, out, (backend, result) -> backend.linear(x, weight, result, true));
        assertClose(
                expected,
                own,
                tokens,
                in,
                (backend, result) -> backend.linearBackwardInput(dOut, weight, result, false));
        assertClose(expected, own, out, in, (backend, result) -> backend.linearBackwardWeight(dOut, x, result));
    }

    /** Which oneDNN's matmul primitive must not be given; see {@link MatmulShape}. */
    @ParameterizedTest
    @CsvSource({"47, 1025", "64, 1408", "512, 2048"})
    void multipliesASingleLongRow(int out, int in) {
        Backend own = CpuBackend.create(false, 1);
        Tensor rows = random(own, 2, in);
        Tensor weight = random(own, out, in);
        Tensor both = random(own, 2, out);
        own.linear(rows, weight, both, false);
        Tensor alone = random(own, 1, out);
        own.linear(rows.rows(0, 1), weight, alone, false);
        assertArrayEquals(both.rows(0, 1).toArray(), alone.toArray(), 2e-3);
        assertThrows(
                IllegalArgumentException.class,
                () -> new MatmulShape(false, true, 1, out, in, in, in, out, false, false));
    }

    /** Compares with products of the same weight in float32 where the processor has no bfloat16. */
    @ParameterizedTest
    @CsvSource({"1, 64, 48", "3, 7, 5", "17, 33, 129", "200, 1031, 300"})
    void multipliesWeightsThatAreRoundedAlready(int tokens, int out, int in) {
        Backend own = CpuBackend.create(true, 2);
        Backend exact = CpuBackend.create(false, 1);
        boolean rounds = own.products() == Precision.BFLOAT16;
        Backend expected = rounds ? RoundedProducts.of(exact) : exact;
        Tensor x = random(exact, tokens, in);
        Tensor weight = random(exact, out, in);
        Tensor dOut = random(exact, tokens, out);
        Tensor same = rounds ? rounded(own, weight) : weight;
        Tensor[] weights = {weight, same};
        assertClose(
                expected,
                own,
                tokens,
                out,
                (backend, result) -> backend.linear(x, weights[backend == own ? 1 : 0], result, true));
        assertClose(
                expected,
                own,
                tokens,
                in,
                (backend, result) -> backend.linearBackwardInput(dOut, weights[backend == own ? 1 : 0], result, false));
    }

    /** Of one token and of few, of many; narrow and wide; in tiles and in one. */
    @ParameterizedTest
    @CsvSource({
        "1, 64, 48",
        "1, 1000, 2048",
        "4, 7, 5",
        "5, 300, 64",
        "17, 33, 129",
        "64, 500, 300",
        "65, 48, 20000",
        "200, 1031, 300"
    })
    void multipliesWeightsOfBfloat16AsTheyAre(int tokens, int out, int in) {
        for (Backend own : CpuVariants.all().values()) {
            Tensor narrow = rounded(own, random(own, out, in));
            Tensor wide = tensor(own.allocate(narrow.size()), narrow.toArray(), out, in);
            Tensor x = random(own, tokens, in);
            Tensor dOut = random(own, tokens, out);
            for (boolean accumulate : new boolean[] {false, true}) {
                Tensor expected = random(own, tokens, out);
                Tensor found = random(own, tokens, out);
                own.linear(x, wide, expected, accumulate);
                own.linear(x, narrow, found, accumulate);
                assertArrayEquals(expected.toArray(), found.toArray(), 1e-6 * in);
                Tensor dExpected = random(own, tokens, in);
                Tensor dFound = random(own, tokens, in);
                own.linearBackwardInput(dOut, wide, dExpected, accumulate);
                own.linearBackwardInput(dOut, narrow, dFound, accumulate);
                assertArrayEquals(dExpected.toArray(), dFound.toArray(), 0);
            }
        }
    }

    /** One after the other in one backend, which keeps what it made for the first. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void multipliesBatchesOfAnyLength(boolean bfloat16) {
        Backend own = CpuBackend.create(bfloat16, 2);
        Backend exact = CpuBackend.create(false, 1);
        Backend expected = own.products() == Precision.BFLOAT16 ? RoundedProducts.of(exact) : exact;
        int out = 96;
        int in = 80;
        Tensor weight = random(exact, out, in);
        for (int tokens : new int[] {200, 17, 201, 1031, 64, 200}) {
            Tensor x = random(exact, tokens, in);
            Tensor dOut = random(exact, tokens, out);
            assertClose(expected, own, tokens, out, (backend, result) -> backend.linear(x, weight, result, false));
            assertClose(expected, own, out, in, (backend, result) -> backend.linearBackwardWeight(dOut, x, result));
        }
    }

    private static Tensor rounded(Backend backend, Tensor x) {
        return tensor(backend.allocateRounded(x.size()), x.toArray(), x.rows(), x.columns());
    }

    private static Tensor tensor(Storage storage, double[] numbers, int rows, int columns) {
        float[] values = new float[numbers.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) numbers[i];
        }
        storage.write(0, values, 0, values.length);
        return storage.tensor(0, rows, columns);
    }

    private interface Product {
        void into(Backend backend, Tensor result);
    }

    private static void assertClose(Backend expected, Backend actual, int rows, int columns, Product product) {
        Tensor wanted = random(expected, rows, columns);
        Tensor found = random(expected, rows, columns);
        product.into(expected, wanted);
        product.into(actual, found);
        assertArrayEquals(wanted.toArray(), found.toArray(), 3e-4);
    }

    /** The same numbers for the same shape. */
    private static Tensor random(Backend backend, int rows, int columns) {
        Random random = new Random(31L * rows + columns);
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        Storage storage = backend.allocate(values.length);
        storage.write(0, values, 0, values.length);
        return storage.tensor(0, rows, columns);
    }

    @Test
    void roundingIsToTheNearestAndTiesToEven() {
        assertEquals(1f, RoundedProducts.rounded(1f + 0x1p-8f));
        assertEquals(1f + 0x1p-6f, RoundedProducts.rounded(1f + 0x3p-8f));
        assertEquals(-1f - 0x1p-7f, RoundedProducts.rounded(-1f - 0x1p-8f - 0x1p-20f));
        assertEquals(Float.POSITIVE_INFINITY, RoundedProducts.rounded(Float.MAX_VALUE));
        assertEquals(0f, RoundedProducts.rounded(0f));
    }
}
