package ai.rpo.core.model;

import java.util.List;
import java.util.Set;

/** OLMo 3: OLMo 2 with a window in three layers of four, whose rotation is not scaled with that of the others. */
final class Olmo3 implements Family {

    private static final double THETA = 500_000;

    @Override
    public String modelType() {
        return "olmo3";
    }

    @Override
    public Set<String> ownRotaryKeys() {
        return SharedKeys.LAYER_TYPES;
    }

    @Override
    public ModelConfig read(JsonObject file) {
        SharedKeys keys = new SharedKeys(file, Olmo2.DEFAULTS);
        List<Integer> windows = keys.windowBetweenFullLayers(4096, 4);
        Architecture llama = Architecture.llama(keys.headDim());
        return keys.config(
                keys.activation("hidden_act", "silu"),
                // As transformers reads it, rope_theta is that of the layers without a window alone.
                keys.rotaryByLayerType(windows, file.positive("rope_theta", THETA), THETA),
                llama.with(Olmo2.NAMES)
                        .with(llama.attention().withWindows(windows))
                        .with(keys.biases(false)));
    }
}
