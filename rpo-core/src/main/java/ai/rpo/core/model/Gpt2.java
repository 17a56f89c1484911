package ai.rpo.core.model;

import ai.rpo.core.tensor.Activation;
import java.util.List;
import java.util.Optional;

/** GPT-2: learned positions, LayerNorm, biases everywhere, a plain feed-forward, weights stored input first. */
final class Gpt2 implements Family {

    private static final WeightNames NAMES = new WeightNames(
            "transformer.wte",
            Optional.of("transformer.wpe"),
            "transformer.h.",
            new WeightNames.Attention("ln_1", List.of("attn.c_attn"), List.of(), "attn.c_proj", Optional.empty()),
            new WeightNames.FeedForward("ln_2", List.of("mlp.c_fc"), "mlp.c_proj", Optional.empty()),
            "transformer.ln_f",
            "lm_head",
            true);

    @Override
    public String modelType() {
        return "gpt2";
    }

    @Override
    public ModelConfig read(JsonObject file) {
        refuse(file, "add_cross_attention");
        refuse(file, "scale_attn_by_inverse_layer_idx");
        int hidden = file.positiveInt("n_embd", 768);
        int heads = file.positiveInt("n_head", 12);
        if (hidden % heads != 0) {
            throw file.refuse("n_embd", "which does not divide over n_head = " + heads);
        }
        int headDim = hidden / heads;
        double scale = file.flag("scale_attn_weights", true) ? 1 / Math.sqrt(headDim) : 1;
        return new ModelConfig(
                modelType(),
                file.positiveInt("vocab_size", 50_257),
                hidden,
                file.positiveInt("n_inner", Math.multiplyExact(4, hidden)),
                file.positiveInt("n_layer", 12),
                heads,
                heads,
                headDim,
                activation(file),
                file.positive("layer_norm_epsilon", 1e-5),
                RotaryFrequencies.NONE,
                file.positiveInt("n_positions", 1024),
                file.flag("tie_word_embeddings", true),
                file.isNull("eos_token_id") ? List.of() : file.ids("eos_token_id", List.of(50_256)),
                new Architecture(
                        NAMES,
                        new Architecture.Attention(scale, 0, List.of()),
                        Architecture.Norm.LAYER,
                        false,
                        new Architecture.Biases(true, true, true),
                        1,
                        0));
    }

    private static Activation activation(JsonObject file) {
        String key = "activation_function";
        return switch (file.text(key, "gelu_new")) {
            case "gelu_new", "gelu_pytorch_tanh" -> Activation.GELU_TANH;
            case "silu", "swish" -> Activation.SILU;
            default -> throw file.refuse(key, "which is not supported. Supported: gelu_new and silu");
        };
    }

    private static void refuse(JsonObject file, String key) {
        if (file.flag(key, false)) {
            throw file.refuse(key, "but that is not supported", "Use a model without it");
        }
    }
}
