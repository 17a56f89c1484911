package ai.rpo.core.model;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** SmolLM 3: Llama of which every fourth layer does not know positions. */
final class SmolLm3 implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(128_256, 2048, 11_008, 36, 16, 4, 0, 32_768, 1e-6, true, List.of(128_001));

    @Override
    public String modelType() {
        return "smollm3";
    }

    @Override
    public Optional<String> classifier() {
        return Optional.of("SmolLM3");
    }

    @Override
    public ModelConfig read(JsonObject file) {
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        List<Boolean> turned = turned(file, keys.layers());
        Architecture llama = Architecture.llama(keys.headDim());
        return keys.config(
                keys.activation("hidden_act", "silu"),
                SharedKeys.where(turned, keys.rotary(2_000_000)),
                llama.with(llama.attention().withWindows(windows(file, keys, turned)))
                        .with(keys.biases(file.flag("mlp_bias", false))));
    }

    private static List<Boolean> turned(JsonObject file, int layers) {
        if (file.has("no_rope_layers")) { // 1 where there is a rotation, whatever the name says
            return file.bits("no_rope_layers", layers);
        }
        int every = file.positiveInt("no_rope_layer_interval", 4);
        return IntStream.range(0, layers)
                .mapToObj(layer -> (layer + 1) % every != 0)
                .toList();
    }

    private static List<Integer> windows(JsonObject file, SharedKeys keys, List<Boolean> turned) {
        boolean used = file.flag("use_sliding_window", false) && file.has("sliding_window");
        return used ? keys.windowWhere(file.positiveInt("sliding_window"), layer -> !turned.get(layer)) : List.of();
    }
}
