package ai.rpo.core.model;

import java.util.List;

/** Mistral 7B: Llama whose tokens see a sliding window. */
final class Mistral implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(32_000, 4096, 14_336, 32, 32, 8, 0, 131_072, 1e-6, false, List.of(2));

    @Override
    public String modelType() {
        return "mistral";
    }

    @Override
    public ModelConfig read(JsonObject file) {
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        Architecture llama = Architecture.llama(keys.headDim());
        return keys.config(
                keys.activation("hidden_act", "silu"),
                keys.rotary(),
                llama.with(llama.attention().withWindows(keys.windowEverywhere(4096))));
    }
}
