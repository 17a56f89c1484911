package ai.rpo.core.model;

import java.util.List;
import java.util.Optional;

/**
 * GPT-NeoX and Pythia: LayerNorm, biases everywhere, a plain feed-forward beside attention, and a rotation of the first
 * columns of each head.
 */
final class GptNeoX implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(50_432, 6144, 24_576, 44, 64, 0, 0, 2048, 1e-5, false, List.of(2));

    private static final WeightNames NAMES = new WeightNames(
            "gpt_neox.embed_in",
            Optional.empty(),
            "gpt_neox.layers.",
            new WeightNames.Attention("input_layernorm", List.of("attention.query_key_value"), "attention.dense")
                    .with(WeightNames.Rows.BY_HEAD),
            new WeightNames.FeedForward("post_attention_layernorm", List.of("mlp.dense_h_to_4h"), "mlp.dense_4h_to_h"),
            "gpt_neox.final_layer_norm",
            "embed_out",
            false);

    @Override
    public String modelType() {
        return "gpt_neox";
    }

    @Override
    public Optional<String> classifier() {
        return Optional.of("GPTNeoX");
    }

    @Override
    public ModelConfig read(JsonObject file) {
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        if (keys.heads() != keys.keyValueHeads()) {
            throw file.refuse("num_key_value_heads", "but in this family each head has keys and values of its own");
        }
        boolean attentionBias = file.flag("attention_bias", true);
        return keys.config(
                keys.activation("hidden_act", "gelu"),
                keys.epsilon("layer_norm_eps"),
                keys.everywhere(RotaryScaling.ofGptNeoX(file, keys.headDim(), keys.contextLength())),
                Architecture.llama(keys.headDim())
                        .with(NAMES)
                        .with(Architecture.Norm.LAYER)
                        .with(new Architecture.Biases(attentionBias, attentionBias, true, false))
                        .with(keys.residual("use_parallel_residual", true))
                        .withPlainFeedForward());
    }
}
