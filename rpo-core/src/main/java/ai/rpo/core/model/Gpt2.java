package ai.rpo.core.model;

import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** GPT-2: learned positions, LayerNorm, biases everywhere, a plain feed-forward, weights stored input first. */
final class Gpt2 implements Family {

    private static final WeightNames NAMES = new WeightNames(
            "transformer.wte",
            Optional.of("transformer.wpe"),
            "transformer.h.",
            new WeightNames.Attention("ln_1", List.of("attn.c_attn"), "attn.c_proj"),
            new WeightNames.FeedForward("ln_2", List.of("mlp.c_fc"), "mlp.c_proj"),
            "transformer.ln_f",
            "lm_head",
            true);

    @Override
    public String modelType() {
        return "gpt2";
    }

    @Override
    public Optional<String> classifier() {
        return Optional.of("GPT2");
    }

    @Override
    public ModelConfig read(JsonObject file) {
        SharedKeys.refuse(file, "add_cross_attention");
        SharedKeys.refuse(file, "scale_attn_by_inverse_layer_idx");
        int hidden = file.positiveInt("n_embd", 768);
        int heads = file.positiveInt("n_head", 12);
        if (hidden % heads != 0) {
            throw file.refuse("n_embd", "which does not divide over n_head = " + heads);
        }
        int headDim = hidden / heads;
        double scale = file.flag("scale_attn_weights", true) ? 1 / Math.sqrt(headDim) : 1;
        int layers = SharedKeys.layers(file, "n_layer", 12);
        return new ModelConfig(
                modelType(),
                file.positiveInt("vocab_size", 50_257),
                hidden,
                file.positiveInt("n_inner", Math.multiplyExact(4, hidden)),
                layers,
                heads,
                heads,
                headDim,
                SharedKeys.activation(file, "activation_function", "gelu_new"),
                file.positive("layer_norm_epsilon", 1e-5),
                Collections.nCopies(layers, RotaryFrequencies.NONE),
                file.positiveInt("n_positions", 1024),
                file.flag("tie_word_embeddings", true),
                file.isNull("eos_token_id") ? List.of() : file.ids("eos_token_id", List.of(50_256)),
                Architecture.llama(headDim)
                        .with(NAMES)
                        .with(Architecture.Attention.scaled(scale))
                        .with(Architecture.Norm.LAYER)
                        .with(Architecture.Biases.IN_BLOCKS)
                        .withPlainFeedForward());
    }
}
