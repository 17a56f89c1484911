package ai.rpo.core.model;

import java.util.List;
import java.util.Optional;

/** Phi 3: Llama with its projections fused in the file, and LongRoPE in the long-context models. */
final class Phi3 implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(32_064, 3072, 8192, 32, 32, 0, 0, 4096, 1e-5, false, List.of(32_000));

    private static final WeightNames NAMES = WeightNames.llamaWith(
            new WeightNames.Attention(
                    WeightNames.Attention.LLAMA.norm(),
                    List.of("self_attn.qkv_proj"),
                    List.of(),
                    WeightNames.Attention.LLAMA.output(),
                    Optional.empty()),
            new WeightNames.FeedForward(
                    WeightNames.FeedForward.LLAMA.norm(),
                    List.of("mlp.gate_up_proj"),
                    WeightNames.FeedForward.LLAMA.output(),
                    Optional.empty()));

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
                RotaryScaling.ofPhi3(file, keys.headDim(), keys.contextLength()),
                llama.with(NAMES).with(llama.attention().withWindows(keys.windowEverywhere(0))));
    }
}
