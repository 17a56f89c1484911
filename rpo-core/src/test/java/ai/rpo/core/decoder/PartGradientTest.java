package ai.rpo.core.decoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.model.Architecture;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.tensor.PlainBackend;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each part of the decoder on its own, in double: its gradients by input and parameters against finite differences of
 * Σ direction·output.
 */
class PartGradientTest {

    private static final float STEP = 1f / 8192;

    private final PlainBackend backend = new PlainBackend();
    private final Workspace workspace = new Workspace(backend);
    private final Random random = new Random(1);
    private final PackedBatch batch =
            PackedBatch.of(List.of(SmallModel.pair(random, 3, 5, 1), SmallModel.pair(random, 1, 2, 4)));

    private ModelConfig config;
    private Parameters weights;
    private Parameters gradients;
    private Storage input;
    private Tensor x;

    private void family(String name) {
        config = SmallModel.family(name);
        weights = SmallModel.random(config, backend, 2);
        gradients = SmallModel.zeros(config, backend);
        input = random(batch.rows(), config.hiddenSize());
        x = input.tensor(0, batch.rows(), config.hiddenSize());
    }

    @ParameterizedTest
    @MethodSource("ai.rpo.core.decoder.SmallModel#families")
    void normalization(String family) {
        family(family);
        Normalization norm =
                Normalization.of(backend, config, config.architecture().names().finalNorm());
        Tensor direction = like(x);
        Tensor dX = zeros();
        Tensor out = like(x);
        Normalization.Saved saved = norm.forward(weights, x, out, workspace);
        double[] written = out.toArray();
        backend.zero(out);
        norm.repeat(weights, saved, out);
        assertArrayEquals(written, out.toArray());
        norm.backward(saved, direction, dX, gradients, workspace);
        assertGradients(dX, () -> {
            norm.forward(weights, x, out, workspace);
            return dot(direction, out);
        });
    }

    @ParameterizedTest
    @MethodSource("ai.rpo.core.decoder.SmallModel#families")
    void attention(String family) {
        family(family);
        for (int layer = 0; layer < config.layers(); layer++) {
            RotaryTable rotary = new RotaryTable(backend, config.rotary(layer));
            Attention attention = new Attention(backend, config, Optional.empty(), rotary, layer);
            assertPart(attention, batch);
            assertPart(attention, batch.predicting());
        }
    }

    @ParameterizedTest
    @MethodSource("ai.rpo.core.decoder.SmallModel#families")
    void feedForward(String family) {
        family(family);
        Optional<Architecture.Mixture> mixture = config.architecture().mixture(1);
        if (mixture.isPresent()) {
            assertPart(new Experts(backend, config, Optional.empty(), mixture.get(), 1), batch);
        } else {
            assertPart(FeedForward.of(backend, config, Optional.empty(), 1), batch);
        }
    }

    /** With logits of all targets at once, of five at a time (the last chunk is shorter), and of one. */
    @ParameterizedTest
    @MethodSource("ai.rpo.core.decoder.SmallModel#families")
    void headInChunks(String family) {
        for (int rows : new int[] {100, 5, 1}) {
            family(family);
            LanguageModelHead head = new LanguageModelHead(backend, config, rows * config.vocabularySize());
            double[] coefficients =
                    random.doubles(batch.completionCount(), -1, 1).toArray();
            double[] logps = new double[batch.targetCount()];
            Tensor dX = zeros();
            LanguageModelHead.Saved saved = head.forward(weights, x, batch, false, logps, workspace);
            head.backward(weights, saved, batch, coefficients, dX, gradients, workspace);
            assertGradients(dX, () -> {
                head.forward(weights, x, batch, false, logps, workspace);
                double[] sums = batch.sumByCompletion(logps);
                double sum = 0;
                for (int c = 0; c < sums.length; c++) {
                    sum += coefficients[c] * sums[c];
                }
                return sum;
            });
        }
    }

    /** A frozen head finds the same gradient before the loss is known. */
    @ParameterizedTest
    @MethodSource("ai.rpo.core.decoder.SmallModel#families")
    void aFrozenHeadPassesOnTheSameGradient(String family) {
        family(family);
        double[] coefficients = {0.7, -1.3, 0, 0.9};
        for (int rows : new int[] {100, 5, 1}) {
            LanguageModelHead head = new LanguageModelHead(backend, config, rows * config.vocabularySize());
            double[][] gradient = new double[2][];
            double[][] logps = new double[2][batch.targetCount()];
            for (int i = 0; i < 2; i++) {
                Tensor dX = zeros();
                workspace.reset();
                LanguageModelHead.Saved saved = head.forward(weights, x, batch, i == 1, logps[i], workspace);
                head.backward(weights, saved, batch, coefficients, dX, gradients, workspace);
                gradient[i] = dX.toArray();
            }
            assertArrayEquals(logps[0], logps[1]);
            assertArrayEquals(gradient[0], gradient[1], 1e-12);
        }
    }

    @Test
    void thePromptsLastRowCollectsFromBothCompletions() {
        family("llama");
        LanguageModelHead head = new LanguageModelHead(backend, config);
        PackedBatch oneTokenEach = PackedBatch.of(List.of(SmallModel.pair(random, 2, 1, 1)));
        double[][] atLastRow = new double[3][];
        double[][] coefficients = {{0.7, 0}, {0, -0.4}, {0.7, -0.4}};
        for (int i = 0; i < 3; i++) {
            Tensor dX = backend.allocate(2L * config.hiddenSize()).tensor(0, 2, config.hiddenSize());
            LanguageModelHead.Saved saved =
                    head.forward(weights, x.rows(0, 2), oneTokenEach, false, new double[2], workspace);
            head.backward(weights, saved, oneTokenEach, coefficients[i], dX, gradients, workspace);
            assertEquals(0, norm(dX.rows(0, 1).toArray()), "nothing is predicted from the first row");
            atLastRow[i] = dX.rows(1, 2).toArray();
        }
        assertTrue(norm(atLastRow[0]) > 0.01 && norm(atLastRow[1]) > 0.01);
        for (int j = 0; j < config.hiddenSize(); j++) {
            assertEquals(atLastRow[0][j] + atLastRow[1][j], atLastRow[2][j], 1e-12);
        }
    }

    private <S> void assertPart(Branch.Part<S> part, PackedBatch kept) {
        Tensor out = backend.allocate((long) kept.rows() * x.columns()).tensor(0, kept.rows(), x.columns());
        Tensor direction = like(out);
        Tensor dX = zeros();
        backend.zero(gradients.storage().tensor(0, 1, (int) gradients.storage().size()));
        S saved = part.forward(weights, x, batch, kept, out, false, workspace);
        part.backward(weights, saved, x, batch, kept, direction, dX, gradients, workspace);
        assertGradients(dX, () -> {
            part.forward(weights, x, batch, kept, out, false, workspace);
            return dot(direction, out);
        });
    }

    private void assertGradients(Tensor dX, DoubleSupplier value) {
        assertSlopes("input", input, dX.toArray(), 1, value);
        Storage parameters = weights.storage();
        double[] gradient =
                gradients.storage().tensor(0, 1, (int) parameters.size()).toArray();
        assertTrue(norm(gradient) > 0.01, "the parameters matter");
        assertSlopes("parameter", parameters, gradient, 7, value);
    }

    private void assertSlopes(String what, Storage storage, double[] gradient, int stride, DoubleSupplier value) {
        for (int i = 0; i < gradient.length; i += stride) {
            float[] kept = new float[1];
            storage.read(i, kept, 0, 1);
            float up = kept[0] + STEP;
            float down = kept[0] - STEP;
            double numeric = (at(storage, i, up, value) - at(storage, i, down, value)) / ((double) up - down);
            storage.write(i, kept, 0, 1);
            assertEquals(numeric, gradient[i], 1e-5 * Math.max(1, Math.abs(numeric)), what + " " + i);
        }
    }

    private double at(Storage storage, int index, float value, DoubleSupplier function) {
        storage.write(index, new float[] {value}, 0, 1);
        workspace.reset();
        return function.getAsDouble();
    }

    private Tensor zeros() {
        return backend.allocate(x.size()).tensor(0, x.rows(), x.columns());
    }

    private Tensor like(Tensor shape) {
        return random(shape.rows(), shape.columns()).tensor(0, shape.rows(), shape.columns());
    }

    private Storage random(int rows, int columns) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        Storage storage = backend.allocate(values.length);
        storage.write(0, values, 0, values.length);
        return storage;
    }

    private static double dot(Tensor a, Tensor b) {
        double[] left = a.toArray();
        double[] right = b.toArray();
        double sum = 0;
        for (int i = 0; i < left.length; i++) {
            sum += left[i] * right[i];
        }
        return sum;
    }

    private static double norm(double[] values) {
        return Math.sqrt(Arrays.stream(values).map(v -> v * v).sum());
    }
}
