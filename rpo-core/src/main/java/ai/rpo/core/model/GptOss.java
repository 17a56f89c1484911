package ai.rpo.core.model;

import ai.rpo.core.tensor.ClampedGate;
import java.util.List;

/**
 * gpt-oss: a mixture of experts in every layer, whose weights are stacked and whose gates are clamped; biases everywhere
 * but on the head; a window in every other layer; and in each head a sink, which takes a share of attention to nothing.
 */
final class GptOss implements Family {

    private static final double THETA = 150_000;

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(201_088, 2880, 2880, 36, 64, 8, 64, 131_072, 1e-5, false, List.of());

    private static final WeightNames NAMES =
            WeightNames.LLAMA.with(WeightNames.Attention.LLAMA.withSinks("self_attn.sinks"));

    private static final WeightNames.Experts EXPERTS =
            new WeightNames.Experts("mlp.router", "mlp.experts.", List.of("gate_up_proj"), "down_proj", true);

    private static final JsonObject ROTATION = JsonObject.parse("""
            {"rope_type": "yarn", "factor": 32.0, "beta_fast": 32.0, "beta_slow": 1.0, "truncate": false,
             "original_max_position_embeddings": 4096}
            """, "config.json");

    @Override
    public String modelType() {
        return "gpt_oss";
    }

    @Override
    public boolean hasExperts() {
        return true;
    }

    @Override
    public ModelConfig read(JsonObject file) {
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        ExpertKeys experts = new ExpertKeys(file, 128, 4);
        JsonObject rotation = RotaryScaling.given(file).orElse(ROTATION);
        boolean attentionBias = file.flag("attention_bias", true);
        Architecture llama = Architecture.llama(keys.headDim());
        return keys.config(
                keys.activation("hidden_act", "silu"),
                keys.everywhere(
                        RotaryScaling.ofWholeHeads(file, rotation, keys.headDim(), keys.contextLength(), THETA)),
                llama.with(NAMES)
                        .with(llama.attention().withWindows(keys.windowBetweenFullLayers(128, 2)))
                        .with(new Architecture.Biases(attentionBias, attentionBias, true, false))
                        .with(experts.everywhere(
                                        EXPERTS, keys.layers(), keys.intermediate(), Architecture.Shares.OF_CHOSEN)
                                .with(new ClampedGate(
                                        file.positive("swiglu_alpha", 1.702), file.positive("swiglu_limit", 7)))));
    }
}
