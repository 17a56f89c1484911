package ai.rpo.core.model;

import ai.rpo.core.tensor.Activation;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/** The keys of {@code config.json} that Llama-like families share, each family with its own defaults. */
final class SharedKeys {

    private static final String SLIDING = "sliding_attention";
    private static final String FULL = "full_attention";

    /**
     * What transformers takes where the file lacks a key.
     *
     * @param keyValueHeads 0 for as many as heads
     * @param headDim 0 for hidden size over heads
     */
    record Defaults(
            int vocabulary,
            int hidden,
            int intermediate,
            int layers,
            int heads,
            int keyValueHeads,
            int headDim,
            int contextLength,
            double epsilon,
            boolean tiedHead,
            List<Integer> eosIds) {}

    private final JsonObject file;
    private final Defaults defaults;

    SharedKeys(JsonObject file, Defaults defaults) {
        this.file = file;
        this.defaults = defaults;
    }

    ModelConfig config(Activation activation, RotaryFrequencies rotary, Architecture architecture) {
        int heads = heads();
        return new ModelConfig(
                file.text("model_type", ""),
                file.positiveInt("vocab_size", defaults.vocabulary),
                hidden(),
                file.positiveInt("intermediate_size", defaults.intermediate),
                layers(),
                heads,
                keyValueHeads(heads),
                headDim(),
                activation,
                file.positive("rms_norm_eps", defaults.epsilon),
                rotary,
                contextLength(),
                file.flag("tie_word_embeddings", defaults.tiedHead),
                file.isNull("eos_token_id") ? List.of() : file.ids("eos_token_id", defaults.eosIds),
                architecture);
    }

    RotaryFrequencies rotary() {
        return RotaryScaling.ofWholeHeads(file, headDim(), contextLength());
    }

    int hidden() {
        return file.positiveInt("hidden_size", defaults.hidden);
    }

    int contextLength() {
        return file.positiveInt("max_position_embeddings", defaults.contextLength);
    }

    int headDim() {
        int fixed = file.isNull("head_dim") ? 0 : defaults.headDim;
        int heads = heads();
        if (!file.has("head_dim") && fixed == 0 && hidden() % heads != 0) {
            throw file.refuse("hidden_size", "which does not divide over num_attention_heads = " + heads);
        }
        int headDim = file.positiveInt("head_dim", fixed == 0 ? hidden() / heads : fixed);
        if (headDim % 2 != 0) {
            throw file.refuse(
                    file.has("head_dim") ? "head_dim" : "hidden_size",
                    "but the rotary embedding needs heads of an even number of columns");
        }
        if ((long) heads * headDim > Integer.MAX_VALUE / 4) {
            throw file.refuse("num_attention_heads", "too many for heads of " + headDim + " columns");
        }
        return headDim;
    }

    /** One {@code attention_bias} stands for all four projections of attention. */
    Architecture.Biases biases(boolean feedForward) {
        boolean attention = file.flag("attention_bias", false);
        return new Architecture.Biases(attention, attention, feedForward);
    }

    /** The same window in every layer; {@code null} in the file means none. */
    List<Integer> windowEverywhere(int otherwise) {
        int window = file.isNull("sliding_window") ? 0 : otherwise;
        window = file.has("sliding_window") ? file.positiveInt("sliding_window") : window;
        return window == 0 ? List.of() : Collections.nCopies(layers(), window);
    }

    /**
     * A window in some layers: those that {@code layer_types} calls sliding, or if the file does not have that,
     * those from {@code first} on in steps of {@code step}.
     */
    List<Integer> windowInSomeLayers(int window, int first, int step) {
        if (window == 0) {
            return List.of();
        }
        List<String> types = file.has("layer_types")
                ? file.texts("layer_types", layers(), List.of(FULL, SLIDING))
                : IntStream.range(0, layers())
                        .mapToObj(i -> i >= first && (i - first) % step == 0 ? SLIDING : FULL)
                        .toList();
        return types.stream().map(type -> type.equals(SLIDING) ? window : 0).toList();
    }

    Activation activation(String key, String otherwise) {
        return switch (file.text(key, otherwise)) {
            case "silu", "swish" -> Activation.SILU;
            case "gelu_pytorch_tanh", "gelu_new" -> Activation.GELU_TANH;
            default -> throw file.refuse(key, "which is not supported. Supported: silu and gelu_pytorch_tanh");
        };
    }

    private int layers() {
        return file.positiveInt("num_hidden_layers", defaults.layers);
    }

    private int heads() {
        return file.positiveInt("num_attention_heads", defaults.heads);
    }

    private int keyValueHeads(int heads) {
        int otherwise =
                file.isNull("num_key_value_heads") || defaults.keyValueHeads == 0 ? heads : defaults.keyValueHeads;
        int keyValueHeads = file.positiveInt("num_key_value_heads", otherwise);
        if (heads % keyValueHeads != 0) {
            throw file.refuse("num_key_value_heads", "which does not divide num_attention_heads = " + heads);
        }
        return keyValueHeads;
    }
}
