package ai.rpo.core.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.model.ModelConfigParser;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Storage;
import java.util.List;
import org.junit.jupiter.api.Test;

class AdamWTest {

    private static final String CONFIG = """
            {
              "model_type": "llama", "vocab_size": 4, "hidden_size": 2, "intermediate_size": 2,
              "num_hidden_layers": 1, "num_attention_heads": 1, "max_position_embeddings": 8,
              "tie_word_embeddings": true, "rms_norm_eps": 1e-05, "eos_token_id": 2
            }
            """;

    private final Backend backend = Backends.create(Precision.FLOAT32, 1);
    private final ParameterLayout layout = ParameterLayout.of(ModelConfigParser.parse(CONFIG, "config.json"));

    /**
     * Gradients (0.5, −1e-8), then (−0.25, 3e-8) at a rate of 0.1. The corrections make the first step g/(|g| + ε): 1 for
     * the first, and −1/2 for the second, whose size is ε itself; ε before the correction would give −0.03.
     */
    @Test
    void twoStepsAreThoseOfPyTorch() {
        AdamW adam = AdamW.withDefaults(0);
        TrainState state = TrainState.allocate(backend, layout.size(), adam);
        step(adam, state, 0.5f, -1e-8f);
        assertArrayEquals(new double[] {-0.099999998, 0.05}, firstTwo(state.parameters(), 0), 1e-7);
        Storage moments = state.moments().orElseThrow();
        assertArrayEquals(new double[] {0.05, -1e-9}, firstTwo(moments, 0), 1e-9);
        assertArrayEquals(new double[] {2.5e-4, 1e-19}, firstTwo(moments, layout.size()), 1e-9);

        state.setStep(1);
        step(adam, state, -0.25f, 3e-8f);
        assertArrayEquals(
                new double[] {-0.099999998 - 0.026633703292153643, 0.05 - 0.03414978863132467},
                firstTwo(state.parameters(), 0),
                1e-7);
    }

    /** The second of the steps above, as the first of a training that has the moments of another. */
    @Test
    void momentsThatAreKeptAreCorrectedByAllTheirSteps() {
        TrainState state = TrainState.allocate(backend, layout.size(), AdamW.withDefaults(0));
        step(AdamW.withDefaults(0), state, 0.5f, -1e-8f);
        step(AdamW.withDefaults(0).after(1), state, -0.25f, 3e-8f);
        assertArrayEquals(
                new double[] {-0.099999998 - 0.026633703292153643, 0.05 - 0.03414978863132467},
                firstTwo(state.parameters(), 0),
                1e-7);
    }

    /** Matrices shrink by rate·decay; the gradient is 0. */
    @Test
    void decayIsOfMatricesAlone() {
        AdamW adam = AdamW.withDefaults(0.5);
        TrainState state = TrainState.allocate(backend, layout.size(), adam);
        float[] ones = new float[Math.toIntExact(layout.size())];
        java.util.Arrays.fill(ones, 1);
        state.parameters().write(0, ones, 0, ones.length);
        step(adam, state, 0, 0);
        float[] after = new float[ones.length];
        state.parameters().read(0, after, 0, after.length);
        for (ParameterLayout.Entry entry : layout.entries()) {
            for (int i = (int) entry.offset(); i < entry.offset() + entry.size(); i++) {
                assertEquals(entry.vector() ? 1 : 0.95, after[i], 1e-6, entry.name());
            }
        }
    }

    @Test
    void moreParametersThanAnIntCountsAreDividedWithoutOverflow() {
        ParameterLayout large = ParameterLayout.of(ModelConfigParser.parse(
                CONFIG.replace(
                        "\"vocab_size\": 4, \"hidden_size\": 2", "\"vocab_size\": 262144, \"hidden_size\": 16384"),
                "config.json"));
        List<Optimizer.Stretch> stretches = Optimizer.Stretch.of(large, 0);
        assertEquals(
                large.size(),
                stretches.stream().mapToLong(Optimizer.Stretch::size).sum());
        assertEquals(6, stretches.size()); // 2³² of the embedding, 2³⁰ and a little of the layer
        long next = 0;
        for (Optimizer.Stretch stretch : stretches) {
            assertEquals(next, stretch.offset());
            next += stretch.size();
        }
    }

    @Test
    void stretchesTellMatricesFromVectorsAndStayShort() {
        List<Optimizer.Stretch> stretches = Optimizer.Stretch.of(layout, 0.1, 3);
        long next = 0;
        for (Optimizer.Stretch stretch : stretches) {
            assertEquals(next, stretch.offset());
            for (ParameterLayout.Entry entry : layout.entries()) {
                if (stretch.offset() >= entry.offset() && stretch.offset() < entry.offset() + entry.size()) {
                    assertEquals(!entry.vector(), stretch.matrix(), entry.name());
                }
            }
            assertEquals(true, stretch.size() <= 3);
            next += stretch.size();
        }
        assertEquals(layout.size(), next);
    }

    private void step(AdamW adam, TrainState state, float... gradient) {
        Storage slopes = backend.allocate(layout.size());
        slopes.write(0, gradient, 0, gradient.length);
        adam.step(state, slopes, layout, 0.1, backend);
    }

    private static double[] firstTwo(Storage storage, long offset) {
        float[] values = new float[2];
        storage.read(offset, values, 0, 2);
        return new double[] {values[0], values[1]};
    }
}
