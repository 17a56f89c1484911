package ai.rpo.core.model;

import java.util.List;

/** Llama 1 to 3 and the many models that share its shape. */
final class Llama implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(32_000, 4096, 11_008, 32, 32, 0, 0, 2048, 1e-6, false, List.of(2));

    @Override
    public String modelType() {
        return "llama";
    }

    @Override
    public ModelConfig read(JsonObject file) {
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        return keys.config(
                keys.activation("hidden_act", "silu"),
                keys.rotary(),
                Architecture.llama(keys.headDim()).with(keys.biases(file.flag("mlp_bias", false))));
    }
}
