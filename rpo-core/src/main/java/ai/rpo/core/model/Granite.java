package ai.rpo.core.model;

import java.util.List;
import java.util.Optional;

/** Granite: Llama with multipliers of embeddings, scores, branches and logits. */
final class Granite implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(32_000, 4096, 11_008, 32, 32, 0, 0, 2048, 1e-6, false, List.of(2));

    @Override
    public String modelType() {
        return "granite";
    }

    @Override
    public Optional<String> classifier() {
        return Optional.empty();
    }

    @Override
    public ModelConfig read(JsonObject file) {
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        return keys.config(
                keys.activation("hidden_act", "silu"),
                keys.rotary(),
                Architecture.llama(keys.headDim())
                        .with(Architecture.Attention.scaled(file.positive("attention_multiplier", 1)))
                        .with(keys.biases(file.flag("mlp_bias", false)))
                        .with(new Architecture.Multipliers(
                                file.positive("embedding_multiplier", 1),
                                file.positive("residual_multiplier", 1),
                                1 / file.positive("logits_scaling", 1))));
    }
}
