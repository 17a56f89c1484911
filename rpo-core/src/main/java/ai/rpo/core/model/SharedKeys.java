package ai.rpo.core.model;

import ai.rpo.core.tensor.Activation;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** The keys of {@code config.json} that Llama-like families share, each family with its own defaults. */
final class SharedKeys {

    static final String SLIDING = "sliding_attention";
    static final String FULL = "full_attention";
    static final Set<String> LAYER_TYPES = Set.of(SLIDING, FULL);

    private static final int MOST_LAYERS = 10_000;

    /**
     * Says what transformers takes where the file lacks a key.
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

    ModelConfig config(Activation activation, List<RotaryFrequencies> rotary, Architecture architecture) {
        return config(activation, epsilon("rms_norm_eps"), rotary, architecture);
    }

    ModelConfig config(
            Activation activation, double epsilon, List<RotaryFrequencies> rotary, Architecture architecture) {
        return new ModelConfig(
                file.text("model_type", ""),
                file.positiveInt("vocab_size", defaults.vocabulary),
                hidden(),
                intermediate(),
                layers(),
                heads(),
                keyValueHeads(),
                headDim(),
                activation,
                epsilon,
                rotary,
                contextLength(),
                file.flag("tie_word_embeddings", defaults.tiedHead),
                file.isNull("eos_token_id") ? List.of() : file.ids("eos_token_id", defaults.eosIds),
                architecture);
    }

    double epsilon(String key) {
        return file.positive(key, defaults.epsilon);
    }

    List<RotaryFrequencies> rotary() {
        return rotary(RotaryScaling.DEFAULT_THETA);
    }

    /** Whole heads, in every layer. */
    List<RotaryFrequencies> rotary(double thetaOtherwise) {
        return everywhere(RotaryScaling.ofWholeHeads(file, headDim(), contextLength(), thetaOtherwise));
    }

    /** The first columns of each head, in every layer. */
    List<RotaryFrequencies> rotaryOfPartsOfHeads(double shareOtherwise) {
        return everywhere(RotaryScaling.ofPartsOfHeads(file, headDim(), contextLength(), shareOtherwise));
    }

    /**
     * Layers with a window have one rotation, the others another.
     *
     * @param windows of the layers, 0 for none
     * @param theta base of the layers without a window, where {@code rope_parameters} does not say
     * @param windowTheta base of the others
     */
    List<RotaryFrequencies> rotaryByLayerType(List<Integer> windows, double theta, double windowTheta) {
        RotaryFrequencies full = RotaryScaling.ofLayerType(file, FULL, headDim(), contextLength(), theta);
        RotaryFrequencies sliding = RotaryScaling.ofLayerType(file, SLIDING, headDim(), contextLength(), windowTheta);
        return windows.stream().map(window -> window > 0 ? sliding : full).toList();
    }

    List<RotaryFrequencies> everywhere(RotaryFrequencies frequencies) {
        return Collections.nCopies(layers(), frequencies);
    }

    /** The rotation of those layers, and none in the others. */
    static List<RotaryFrequencies> where(List<Boolean> turned, List<RotaryFrequencies> rotary) {
        return IntStream.range(0, turned.size())
                .mapToObj(layer -> turned.get(layer) ? rotary.get(layer) : RotaryFrequencies.NONE)
                .toList();
    }

    static List<Boolean> areWindowed(List<Integer> windows) {
        return windows.stream().map(window -> window > 0).toList();
    }

    Architecture.Residual residual(String key, boolean parallel) {
        return file.flag(key, parallel) ? Architecture.Residual.PARALLEL : Architecture.Residual.SEQUENTIAL;
    }

    /** Refuses an option that is not there in this code. */
    static void refuse(JsonObject file, String key) {
        if (file.flag(key, false)) {
            throw file.refuse(key, "but that is not supported", "Use a model without it");
        }
    }

    int hidden() {
        return file.positiveInt("hidden_size", defaults.hidden);
    }

    int intermediate() {
        return file.positiveInt("intermediate_size", defaults.intermediate);
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
        return new Architecture.Biases(attention, attention, feedForward, false);
    }

    /** Gives the same window in every layer; {@code null} in the file means none. */
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
        return windowWhere(window, layer -> layer >= first && (layer - first) % step == 0);
    }

    /** A window in those layers that {@code layer_types} calls sliding, or if the file does not have that, in these. */
    List<Integer> windowWhere(int window, IntPredicate otherwise) {
        List<String> types = file.has("layer_types")
                ? file.texts("layer_types", layers(), List.of(FULL, SLIDING))
                : IntStream.range(0, layers())
                        .mapToObj(layer -> otherwise.test(layer) ? SLIDING : FULL)
                        .toList();
        return types.stream().map(type -> type.equals(SLIDING) ? window : 0).toList();
    }

    /**
     * A window in all layers but every so manieth, or as {@code layer_types} says.
     *
     * @param window of the layers that have one, where the file does not say
     * @param pattern one layer of so many has none, where the file does not say
     */
    List<Integer> windowBetweenFullLayers(int window, int pattern) {
        if (file.isNull("sliding_window")) {
            throw file.refuse("sliding_window", "but this family has layers with a window");
        }
        int every = file.positiveInt("sliding_window_pattern", pattern);
        return windowWhere(file.positiveInt("sliding_window", window), layer -> (layer + 1) % every != 0);
    }

    Activation activation(String key, String otherwise) {
        return activation(file, key, otherwise);
    }

    static Activation activation(JsonObject file, String key, String otherwise) {
        return switch (file.text(key, otherwise)) {
            case "silu", "swish" -> Activation.SILU;
            case "gelu_pytorch_tanh", "gelu_new", "gelu_fast" -> Activation.GELU_TANH;
            case "gelu" -> Activation.GELU;
            default -> throw file.refuse(key, "which is not supported. Supported: silu, gelu and gelu_pytorch_tanh");
        };
    }

    int layers() {
        return layers(file, "num_hidden_layers", defaults.layers);
    }

    /** Reads the number of layers, which has a bound, since what is said of each layer is kept as a list. */
    static int layers(JsonObject file, String key, int otherwise) {
        int layers = file.positiveInt(key, otherwise);
        if (layers > MOST_LAYERS) {
            throw file.refuse(key, "but more than " + MOST_LAYERS + " layers are not supported");
        }
        return layers;
    }

    int heads() {
        return file.positiveInt("num_attention_heads", defaults.heads);
    }

    int keyValueHeads() {
        int heads = heads();
        int otherwise =
                file.isNull("num_key_value_heads") || defaults.keyValueHeads == 0 ? heads : defaults.keyValueHeads;
        int keyValueHeads = file.positiveInt("num_key_value_heads", otherwise);
        if (heads % keyValueHeads != 0) {
            throw file.refuse("num_key_value_heads", "which does not divide num_attention_heads = " + heads);
        }
        return keyValueHeads;
    }
}
