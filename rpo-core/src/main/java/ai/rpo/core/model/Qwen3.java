package ai.rpo.core.model;

import java.util.List;
import java.util.Optional;

/** Qwen 3: Llama that normalizes every query and key head. */
final class Qwen3 implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(151_936, 4096, 22_016, 32, 32, 32, 128, 32_768, 1e-6, false, List.of());

    private static final WeightNames.Attention ATTENTION = new WeightNames.Attention(
            WeightNames.Attention.LLAMA.norm(),
            WeightNames.Attention.LLAMA.queryKeyValue(),
            List.of("self_attn.q_norm", "self_attn.k_norm"),
            WeightNames.Attention.LLAMA.output(),
            Optional.empty());

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
                llama.with(WeightNames.llamaWith(ATTENTION, WeightNames.FeedForward.LLAMA))
                        .with(llama.attention().withWindows(Qwen2.windows(file, keys)))
                        .with(keys.biases(false)));
    }
}
