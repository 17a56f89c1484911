package ai.rpo.core.model;

import java.util.List;

/** Qwen 3: Llama that normalizes every query and key head. */
final class Qwen3 implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(151_936, 4096, 22_016, 32, 32, 32, 128, 32_768, 1e-6, false, List.of());

    static final WeightNames NAMES =
            WeightNames.LLAMA.with(WeightNames.Attention.LLAMA.with(WeightNames.QueryKeyNorm.PER_HEAD));

    @Override
    public String modelType() {
        return "qwen3";
    }

    @Override
    public ModelConfig read(JsonObject file) {
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        Architecture llama = Architecture.llama(keys.headDim());
        return keys.config(
                keys.activation("hidden_act", "silu"),
                keys.rotary(),
                llama.with(NAMES)
                        .with(llama.attention().withWindows(Qwen2.windows(file, keys)))
                        .with(keys.biases(false)));
    }
}
