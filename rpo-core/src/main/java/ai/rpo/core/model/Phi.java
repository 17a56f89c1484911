package ai.rpo.core.model;

import java.util.List;

/** Phi 1 and 2: one LayerNorm for attention and a plain feed-forward beside it, biases everywhere, even on the head. */
final class Phi implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(51_200, 2048, 8192, 24, 32, 0, 0, 2048, 1e-5, false, List.of(2));

    private static final WeightNames NAMES = WeightNames.LLAMA
            .with(new WeightNames.Attention(
                    "input_layernorm", WeightNames.Attention.LLAMA.queryKeyValue(), "self_attn.dense"))
            .with(new WeightNames.FeedForward("input_layernorm", List.of("mlp.fc1"), "mlp.fc2"))
            .withFinalNorm("model.final_layernorm");

    @Override
    public String modelType() {
        return "phi";
    }

    @Override
    public ModelConfig read(JsonObject file) {
        SharedKeys.refuse(file, "qk_layernorm");
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        return keys.config(
                keys.activation("hidden_act", "gelu_new"),
                keys.epsilon("layer_norm_eps"),
                keys.rotaryOfPartsOfHeads(0.5),
                Architecture.llama(keys.headDim())
                        .with(NAMES)
                        .with(Architecture.Norm.LAYER)
                        .with(new Architecture.Biases(true, true, true, true))
                        .with(Architecture.Residual.PARALLEL)
                        .withPlainFeedForward());
    }
}
