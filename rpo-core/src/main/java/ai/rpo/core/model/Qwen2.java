package ai.rpo.core.model;

import java.util.List;

/** Qwen 2 and 2.5: Llama with biases on queries, keys and values, and if asked for a window in the upper layers. */
final class Qwen2 implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(151_936, 4096, 22_016, 32, 32, 32, 0, 32_768, 1e-6, false, List.of());

    @Override
    public String modelType() {
        return "qwen2";
    }

    @Override
    public ModelConfig read(JsonObject file) {
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        Architecture llama = Architecture.llama(keys.headDim());
        return keys.config(
                keys.activation("hidden_act", "silu"),
                keys.rotary(),
                llama.with(llama.attention().withWindows(windows(file, keys)))
                        .with(new Architecture.Biases(true, false, false, false)));
    }

    /** {@code sliding_window} counts only with {@code use_sliding_window}. */
    static List<Integer> windows(JsonObject file, SharedKeys keys) {
        boolean used = file.flag("use_sliding_window", false) && !file.isNull("sliding_window");
        int window = used ? file.positiveInt("sliding_window", 4096) : 0;
        return keys.windowInSomeLayers(window, file.natural("max_window_layers", 28), 1);
    }
}
