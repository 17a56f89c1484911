package ai.rpo.core.model;

import java.util.List;
import java.util.Optional;

/** GLM 4: Llama with norms after attention and feed-forward too, and a rotation of neighbours in half of each head. */
final class Glm4 implements Family {

    private static final SharedKeys.Defaults DEFAULTS = new SharedKeys.Defaults(
            151_552, 4096, 13_696, 40, 32, 2, 128, 131_072, 1.5625e-7, false, List.of(151_329, 151_336, 151_338));

    private static final WeightNames NAMES = WeightNames.LLAMA
            .with(WeightNames.Attention.LLAMA
                    .with(WeightNames.Rows.PAIRS_TOGETHER)
                    .withNorms(WeightNames.Attention.LLAMA.norm(), Optional.of("post_self_attn_layernorm")))
            .with(new WeightNames.FeedForward(
                    WeightNames.FeedForward.LLAMA.norm(),
                    List.of("mlp.gate_up_proj"),
                    WeightNames.FeedForward.LLAMA.output(),
                    Optional.of("post_mlp_layernorm")));

    @Override
    public String modelType() {
        return "glm4";
    }

    @Override
    public ModelConfig read(JsonObject file) {
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        return keys.config(
                keys.activation("hidden_act", "silu"),
                keys.rotaryOfPartsOfHeads(0.5),
                Architecture.llama(keys.headDim())
                        .with(NAMES)
                        .with(new Architecture.Biases(file.flag("attention_bias", true), false, false, false)));
    }
}
