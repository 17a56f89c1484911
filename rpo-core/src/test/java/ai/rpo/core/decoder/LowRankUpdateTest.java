package ai.rpo.core.decoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.PlainBackend;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters in whole small models, in double. */
class LowRankUpdateTest {

    private static final float STEP = 1f / 65536;
    private static final double[] COEFFICIENTS = {0.7, -1.3, 0.4, 0.9};

    private final PlainBackend backend = new PlainBackend();
    private final Workspace workspace = new Workspace(backend);
    private final Random random = new Random(1);
    private final List<Example> examples = List.of(SmallModel.pair(random, 3, 4, 2), SmallModel.pair(random, 2, 1, 3));

    @ParameterizedTest
    @MethodSource("ai.rpo.core.decoder.SmallModel#families")
    void gradientsOfEveryProjection(String family) {
        ModelConfig config = SmallModel.family(family);
        assertGradients(config, new Lora(2, 3, 0, false, allModules(config)), PackedBatch.of(examples));
    }

    @ParameterizedTest
    @MethodSource("ai.rpo.core.decoder.SmallModel#families")
    void gradientsUnderDropout(String family) {
        ModelConfig config = SmallModel.family(family);
        PackedBatch batch = PackedBatch.of(examples, new long[] {5, 6});
        assertGradients(config, new Lora(2, 3, 0.4, true, allModules(config)), batch);
    }

    /** Ranks of their own; of gpt-oss weights lie input first, all experts' in one. */
    @ParameterizedTest
    @ValueSource(strings = {"mixtral", "gpt_oss"})
    void gradientsOfExperts(String family) {
        ModelConfig config = SmallModel.family(family);
        Set<String> parameters = Set.of(
                "model.layers.0.mlp.experts.down_proj",
                "model.layers.1.mlp.experts.down_proj",
                "model.layers.1.mlp.experts.gate_up_proj");
        Lora lora = new Lora(
                2,
                3,
                0,
                true,
                Set.of("model.layers.0.self_attn.q_proj"),
                parameters,
                Map.of("model.layers.1.mlp.experts.down_proj", 3),
                Map.of(),
                Set.of(),
                false);
        assertGradients(config, lora, PackedBatch.of(examples));
    }

    /** The first and the last of three that lie side by side, and only in the upper layer. */
    @Test
    void gradientsOfSomeProjections() {
        ModelConfig config = SmallModel.family("llama");
        Lora lora = new Lora(
                3,
                1,
                0,
                false,
                Set.of(
                        "model.layers.1.self_attn.q_proj",
                        "model.layers.1.self_attn.v_proj",
                        "model.layers.1.mlp.up_proj"));
        assertGradients(config, lora, PackedBatch.of(examples));
    }

    @ParameterizedTest
    @MethodSource("ai.rpo.core.decoder.SmallModel#families")
    void anAdapterOfZeroBChangesNothing(String family) {
        ModelConfig config = SmallModel.family(family);
        Lora lora = new Lora(2, 3, 0, false, allModules(config));
        Parameters model = SmallModel.random(config, backend, 2);
        ParameterLayout layout = ParameterLayout.of(config, lora);
        Parameters adapter = random(layout);
        for (ParameterLayout.Entry entry : layout.entries()) {
            if (entry.name().contains("lora_B")) {
                backend.zero(adapter.get(entry.name()));
            }
        }
        PackedBatch batch = PackedBatch.of(examples);
        assertArrayEquals(
                new Decoder(config, backend).tokenLogps(model, batch, workspace),
                new Decoder(config, Optional.of(lora), backend).tokenLogps(adapter.over(model), batch, workspace));
    }

    /** What is dropped is a matter of the example's own seed, wherever it stands in a batch. */
    @Test
    void dropoutFollowsTheExample() {
        ModelConfig config = SmallModel.family("llama");
        Lora lora = new Lora(2, 3, 0.5, false, allModules(config));
        Decoder decoder = new Decoder(config, Optional.of(lora), backend);
        Parameters weights = random(ParameterLayout.of(config, lora)).over(SmallModel.random(config, backend, 2));
        double[] together = decoder.tokenLogps(weights, PackedBatch.of(examples, new long[] {5, 6}), workspace);
        double[] swapped = decoder.tokenLogps(
                weights, PackedBatch.of(List.of(examples.get(1), examples.get(0)), new long[] {6, 5}), workspace);
        double[] alone =
                decoder.tokenLogps(weights, PackedBatch.of(List.of(examples.get(1)), new long[] {6}), workspace);
        double[] otherwise =
                decoder.tokenLogps(weights, PackedBatch.of(List.of(examples.get(1)), new long[] {7}), workspace);
        int first = together.length - alone.length;
        assertArrayEquals(alone, Arrays.copyOfRange(together, first, together.length), 1e-12);
        assertArrayEquals(alone, Arrays.copyOf(swapped, alone.length), 1e-12);
        assertFalse(Arrays.equals(alone, otherwise));
    }

    @Test
    void noProductIsMadeForFrozenWeights() {
        ModelConfig config = SmallModel.family("llama");
        Lora lora = new Lora(2, 3, 0, false, Set.of("model.layers.1.self_attn.q_proj"));
        List<String> calls = new ArrayList<>();
        Backend recording = (Backend) Proxy.newProxyInstance(
                Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("linearBackwardWeight")) {
                        Tensor into = (Tensor) arguments[2];
                        calls.add(into.rows() + "×" + into.columns());
                    } else if (method.getName().equals("attentionBackward")) {
                        calls.add("attention");
                    }
                    return method.invoke(backend, arguments);
                });
        Decoder decoder = new Decoder(config, Optional.of(lora), recording);
        Parameters weights = random(ParameterLayout.of(config, lora)).over(SmallModel.random(config, backend, 2));
        Parameters gradients = zeros(ParameterLayout.of(config, lora));
        Decoder.Pass pass = decoder.forward(weights, PackedBatch.of(examples), false, workspace);
        decoder.backward(weights, pass, COEFFICIENTS, gradients, workspace);
        assertEquals(List.of("attention", "48×2", "2×12"), calls, "one layer, B of all three projections, A");
    }

    private void assertGradients(ModelConfig config, Lora lora, PackedBatch batch) {
        Decoder decoder = new Decoder(config, Optional.of(lora), backend);
        ParameterLayout layout = ParameterLayout.of(config, lora);
        Parameters adapter = random(layout);
        Parameters weights = adapter.over(SmallModel.random(config, backend, 2));
        Parameters gradients = zeros(layout);
        for (boolean recompute : new boolean[] {false, true}) {
            backend.zero(gradients.storage().tensor(0, 1, (int) layout.size()));
            Decoder.Pass pass = decoder.forward(weights, batch, recompute, workspace);
            decoder.backward(weights, pass, COEFFICIENTS, gradients, workspace);
            for (ParameterLayout.Entry entry : layout.entries()) {
                double[] actual = gradients.get(entry.name()).toArray();
                for (int i = 0; i < actual.length; i++) {
                    double expected = slope(decoder, weights, adapter.storage(), entry.offset() + i, batch);
                    assertEquals(expected, actual[i], 1e-5 + 1e-4 * Math.abs(expected), entry.name() + " at " + i);
                }
            }
        }
    }

    private double slope(Decoder decoder, Parameters weights, Storage storage, long at, PackedBatch batch) {
        float[] value = new float[1];
        storage.read(at, value, 0, 1);
        float up = value[0] + STEP;
        float down = value[0] - STEP;
        storage.write(at, new float[] {up}, 0, 1);
        double above = weighted(decoder, weights, batch);
        storage.write(at, new float[] {down}, 0, 1);
        double below = weighted(decoder, weights, batch);
        storage.write(at, value, 0, 1);
        return (above - below) / ((double) up - down);
    }

    private double weighted(Decoder decoder, Parameters weights, PackedBatch batch) {
        double[] logps = batch.sumByCompletion(decoder.tokenLogps(weights, batch, new Workspace(backend)));
        return IntStream.range(0, logps.length)
                .mapToDouble(c -> COEFFICIENTS[c] * logps[c])
                .sum();
    }

    private Parameters random(ParameterLayout layout) {
        Parameters adapter = zeros(layout);
        float[] values = new float[(int) layout.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (0.3 * random.nextGaussian());
        }
        adapter.storage().write(0, values, 0, values.length);
        return adapter;
    }

    private Parameters zeros(ParameterLayout layout) {
        return new Parameters(layout, backend.allocate(layout.size()));
    }

    private static Set<String> allModules(ModelConfig config) {
        return IntStream.range(0, config.layers())
                .boxed()
                .flatMap(layer -> config.architecture().projections(layer).stream())
                .flatMap(List::stream)
                .collect(Collectors.toSet());
    }
}
