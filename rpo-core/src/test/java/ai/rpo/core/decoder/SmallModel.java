package ai.rpo.core.decoder;

import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.RotaryFrequencies;
import ai.rpo.core.tensor.Activation;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Storage;
import java.util.List;
import java.util.Random;

/** Small random models and examples. */
public final class SmallModel {

    private SmallModel() {}

    /** Two layers, grouped heads. */
    public static ModelConfig config(boolean tiedHead) {
        return new ModelConfig(
                "llama",
                23,
                12,
                10,
                2,
                4,
                2,
                6,
                Activation.SILU,
                1e-5,
                new RotaryFrequencies(new double[] {1, 0.3, 0.05}, 1),
                64,
                tiedHead,
                List.of(2));
    }

    public static Parameters random(ModelConfig config, Backend backend, long seed) {
        ParameterLayout layout = ParameterLayout.of(config);
        Storage storage = backend.allocate(layout.size());
        Random random = new Random(seed);
        for (ParameterLayout.Entry entry : layout.entries()) {
            float[] values = new float[Math.toIntExact(entry.size())];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) ((entry.vector() ? 1 : 0) + 0.4 * random.nextGaussian());
            }
            storage.write(entry.offset(), values, 0, values.length);
        }
        return new Parameters(layout, storage);
    }

    public static Parameters zeros(ModelConfig config, Backend backend) {
        ParameterLayout layout = ParameterLayout.of(config);
        return new Parameters(layout, backend.allocate(layout.size()));
    }

    public static int[] tokens(Random random, int length) {
        return random.ints(length, 3, 23).toArray();
    }

    public static Example pair(Random random, int prompt, int chosen, int rejected) {
        return new Example(tokens(random, prompt), List.of(tokens(random, chosen), tokens(random, rejected)));
    }
}
