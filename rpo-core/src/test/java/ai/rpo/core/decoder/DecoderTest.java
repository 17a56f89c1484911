package ai.rpo.core.decoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.PlainBackend;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Workspace;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecoderTest {

    private static final double STEP = 1e-4;

    private final PlainBackend backend = new PlainBackend();
    private final Workspace workspace = new Workspace(backend);

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void everyGradientMatchesFiniteDifferences(boolean tiedHead) {
        ModelConfig config = SmallModel.config(tiedHead);
        Decoder decoder = new Decoder(config, backend);
        Parameters weights = SmallModel.random(config, backend, 1);
        Random random = new Random(2);
        PackedBatch batch = PackedBatch.of(List.of(SmallModel.pair(random, 3, 4, 1), SmallModel.pair(random, 1, 2, 5)));
        double[] coefficients = {0.7, -0.4, -1.1, 0.9};

        Parameters gradients = SmallModel.zeros(config, backend);
        Decoder.Pass pass = decoder.forward(weights, batch, false, workspace);
        decoder.backward(weights, pass, coefficients, gradients, workspace);

        Storage storage = weights.storage();
        float[] gradient = read(gradients);
        for (int i = 0; i < storage.size(); i += 7) {
            double numeric = slope(decoder, weights, batch, coefficients, i);
            assertEquals(numeric, gradient[i], 1e-4 * Math.max(1, Math.abs(numeric)), "parameter " + i);
        }
    }

    @Test
    void recomputingActivationsGivesTheSameGradient() {
        ModelConfig config = SmallModel.config(true);
        Decoder decoder = new Decoder(config, backend);
        Parameters weights = SmallModel.random(config, backend, 3);
        PackedBatch batch = PackedBatch.of(List.of(SmallModel.pair(new Random(4), 5, 3, 6)));
        float[][] gradients = new float[2][];
        for (int i = 0; i < 2; i++) {
            Parameters into = SmallModel.zeros(config, backend);
            Decoder.Pass pass = decoder.forward(weights, batch, i == 1, workspace);
            decoder.backward(weights, pass, new double[] {1, -2}, into, workspace);
            gradients[i] = read(into);
        }
        assertArrayEquals(gradients[0], gradients[1]);
    }

    @Test
    void aPackedPairIsTwoSeparateSequences() {
        ModelConfig config = SmallModel.config(false);
        Decoder decoder = new Decoder(config, backend);
        Parameters weights = SmallModel.random(config, backend, 5);
        Random random = new Random(6);
        for (int[] shape : new int[][] {{1, 1, 1}, {4, 1, 7}, {9, 5, 2}, {2, 8, 8}}) {
            Example pair = SmallModel.pair(random, shape[0], shape[1], shape[2]);
            double[] packed = sums(decoder, weights, List.of(pair, pair));
            for (int side = 0; side < 2; side++) {
                Example alone =
                        new Example(pair.prompt(), List.of(pair.completions().get(side)));
                double expected = sums(decoder, weights, List.of(alone))[0];
                assertEquals(expected, packed[side], 1e-10);
                assertEquals(expected, packed[2 + side], 1e-10, "a neighbour in the batch changes nothing");
            }
        }
    }

    @Test
    void scoringAndTrainingAgree() {
        ModelConfig config = SmallModel.config(true);
        Decoder decoder = new Decoder(config, backend);
        Parameters weights = SmallModel.random(config, backend, 7);
        PackedBatch batch = PackedBatch.of(List.of(SmallModel.pair(new Random(8), 4, 6, 3)));
        double[] scored = decoder.tokenLogps(weights, batch, workspace);
        double[] trained =
                decoder.forward(weights, batch, false, workspace).tokenLogps().clone();
        assertArrayEquals(trained, scored);
    }

    @Test
    void aWarmWorkspaceAllocatesNothing() {
        AtomicInteger allocations = new AtomicInteger();
        Backend counting = (Backend) Proxy.newProxyInstance(
                Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("allocate")) {
                        allocations.incrementAndGet();
                    }
                    return method.invoke(backend, arguments);
                });
        ModelConfig config = SmallModel.config(true);
        Decoder decoder = new Decoder(config, counting);
        Parameters weights = SmallModel.random(config, backend, 9);
        Parameters gradients = SmallModel.zeros(config, backend);
        Workspace warm = new Workspace(counting);
        Random random = new Random(10);
        PackedBatch largest = PackedBatch.of(List.of(SmallModel.pair(random, 200, 300, 60)));
        PackedBatch small = PackedBatch.of(List.of(SmallModel.pair(random, 4, 6, 3)));
        for (int i = 0; i < 2; i++) { // the second pass joins what the first allocated piece by piece
            pass(decoder, weights, largest, gradients, warm);
        }
        assertTrue(allocations.get() > 0);
        allocations.set(0);
        pass(decoder, weights, small, gradients, warm);
        pass(decoder, weights, largest, gradients, warm);
        decoder.tokenLogps(weights, largest, warm);
        assertEquals(0, allocations.get());
    }

    private static void pass(
            Decoder decoder, Parameters weights, PackedBatch batch, Parameters gradients, Workspace workspace) {
        Decoder.Pass pass = decoder.forward(weights, batch, false, workspace);
        decoder.backward(weights, pass, new double[] {1, -1}, gradients, workspace);
    }

    private double slope(Decoder decoder, Parameters weights, PackedBatch batch, double[] coefficients, int i) {
        float[] value = new float[1];
        weights.storage().read(i, value, 0, 1);
        float up = (float) (value[0] + STEP);
        float down = (float) (value[0] - STEP);
        double above = weighted(decoder, weights, batch, coefficients, i, up);
        double below = weighted(decoder, weights, batch, coefficients, i, down);
        weights.storage().write(i, value, 0, 1);
        return (above - below) / ((double) up - down);
    }

    private double weighted(
            Decoder decoder, Parameters weights, PackedBatch batch, double[] coefficients, int i, float value) {
        weights.storage().write(i, new float[] {value}, 0, 1);
        double[] logps = batch.sumByCompletion(decoder.tokenLogps(weights, batch, workspace));
        double sum = 0;
        for (int c = 0; c < logps.length; c++) {
            sum += coefficients[c] * logps[c];
        }
        return sum;
    }

    private double[] sums(Decoder decoder, Parameters weights, List<Example> examples) {
        PackedBatch batch = PackedBatch.of(examples);
        return batch.sumByCompletion(decoder.tokenLogps(weights, batch, workspace));
    }

    private static float[] read(Parameters parameters) {
        float[] values = new float[Math.toIntExact(parameters.storage().size())];
        parameters.storage().read(0, values, 0, values.length);
        return values;
    }
}
