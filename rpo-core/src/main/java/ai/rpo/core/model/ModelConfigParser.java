package ai.rpo.core.model;

import ai.rpo.core.tensor.Activation;
import java.nio.file.Path;
import java.util.List;

/**
 * Reads a Hugging Face {@code config.json}; keys that it lacks have the defaults of transformers.
 *
 * <p>What would change the model's arithmetic and is not supported is refused by name rather than ignored.
 */
public final class ModelConfigParser {

    private static final List<String> EXPERT_COUNTS = List.of("num_local_experts", "num_experts", "n_routed_experts");

    private ModelConfigParser() {}

    /**
     * @throws ai.rpo.core.RpoException naming file, key and value where the model cannot be used
     */
    public static ModelConfig read(Path file) {
        return parse(JsonObject.read(file));
    }

    /**
     * @param file named in errors
     */
    public static ModelConfig parse(String json, String file) {
        return parse(JsonObject.parse(json, file));
    }

    static ModelConfig parse(JsonObject config) {
        refuseQuantized(config);
        String family = config.text("model_type", "");
        return switch (family) {
            case "llama" -> llama(config);
            default -> throw config.refuse("model_type", "which is not supported. Supported families: llama");
        };
    }

    private static ModelConfig llama(JsonObject config) {
        refuseExperts(config);
        refuseTrue(config, "attention_bias");
        refuseTrue(config, "mlp_bias");
        int hidden = config.positiveInt("hidden_size", 4096);
        int heads = config.positiveInt("num_attention_heads", 32);
        int headDim = headDim(config, hidden, heads);
        int contextLength = config.positiveInt("max_position_embeddings", 2048);
        return new ModelConfig(
                "llama",
                config.positiveInt("vocab_size", 32_000),
                hidden,
                config.positiveInt("intermediate_size", 11_008),
                config.positiveInt("num_hidden_layers", 32),
                heads,
                keyValueHeads(config, heads),
                headDim,
                activation(config),
                config.positive("rms_norm_eps", 1e-6),
                RotaryScaling.frequencies(config, headDim, contextLength),
                contextLength,
                config.flag("tie_word_embeddings", false),
                config.ids("eos_token_id", List.of(2)));
    }

    private static int headDim(JsonObject config, int hidden, int heads) {
        if (!config.has("head_dim") && hidden % heads != 0) {
            throw config.refuse("hidden_size", "which does not divide over num_attention_heads = " + heads);
        }
        int headDim = config.positiveInt("head_dim", hidden / heads);
        if (headDim % 2 != 0) {
            throw config.refuse(
                    config.has("head_dim") ? "head_dim" : "hidden_size",
                    "but the rotary embedding needs heads of an even number of columns");
        }
        if ((long) heads * headDim > Integer.MAX_VALUE / 4) {
            throw config.refuse("num_attention_heads", "too many for heads of " + headDim + " columns");
        }
        return headDim;
    }

    private static int keyValueHeads(JsonObject config, int heads) {
        int keyValueHeads = config.positiveInt("num_key_value_heads", heads);
        if (heads % keyValueHeads != 0) {
            throw config.refuse("num_key_value_heads", "which does not divide num_attention_heads = " + heads);
        }
        return keyValueHeads;
    }

    private static Activation activation(JsonObject config) {
        return switch (config.text("hidden_act", "silu")) {
            case "silu", "swish" -> Activation.SILU;
            case "gelu_pytorch_tanh", "gelu_new" -> Activation.GELU_TANH;
            default ->
                throw config.refuse("hidden_act", "which is not supported. Supported: silu and gelu_pytorch_tanh");
        };
    }

    private static void refuseQuantized(JsonObject config) {
        if (config.has("quantization_config")) {
            throw config.refuse(
                    "quantization_config",
                    "but quantised weights are not supported. Use the model's float32, float16 or bfloat16 weights");
        }
    }

    private static void refuseExperts(JsonObject config) {
        for (String key : EXPERT_COUNTS) {
            if (config.has(key) && config.positiveInt(key) > 1) {
                throw config.refuse(key, "but mixtures of experts are not supported. Use a dense model");
            }
        }
    }

    private static void refuseTrue(JsonObject config, String key) {
        if (config.flag(key, false)) {
            throw config.refuse(key, "but biases are not supported in this family. Use a model without them");
        }
    }
}
