package ai.rpo.core.model;

import java.util.List;

/** OLMo 2: Llama that normalizes after attention and feed-forward only, and queries and keys over all heads at once. */
final class Olmo2 implements Family {

    static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(50_304, 4096, 11_008, 32, 32, 0, 0, 2048, 1e-5, false, List.of(50_279));

    static final WeightNames NAMES = WeightNames.LLAMA
            .with(WeightNames.Attention.LLAMA.with(WeightNames.QueryKeyNorm.OVER_ALL_HEADS))
            .withNormsAfterOnly();

    @Override
    public String modelType() {
        return "olmo2";
    }

    @Override
    public ModelConfig read(JsonObject file) {
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        return keys.config(
                keys.activation("hidden_act", "silu"),
                keys.rotary(),
                Architecture.llama(keys.headDim()).with(NAMES).with(keys.biases(false)));
    }
}
