package ai.rpo.core.model;

import java.util.List;

/** Phi 3: Llama with its projections fused in the file, and LongRoPE in the long-context models. */
final class Phi3 implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(32_064, 3072, 8192, 32, 32, 0, 0, 4096, 1e-5, false, List.of(32_000));

    private static final WeightNames NAMES = WeightNames.LLAMA
            .with(new WeightNames.Attention(
                    "input_layernorm", List.of("self_attn.qkv_proj"), WeightNames.Attention.LLAMA.output()))
            .with(new WeightNames.FeedForward(
                    "post_attention_layernorm", List.of("mlp.gate_up_proj"), WeightNames.FeedForward.LLAMA.output()));

    @Override
    public String modelType() {
        return "phi3";
    }

    @Override
    public ModelConfig read(JsonObject file) {
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        Architecture llama = Architecture.llama(keys.headDim());
        return keys.config(
                keys.activation("hidden_act", "silu"),
                keys.everywhere(RotaryScaling.ofPhi3(file, keys.headDim(), keys.contextLength())),
                llama.with(NAMES).with(llama.attention().withWindows(keys.windowEverywhere(0))));
    }
}
