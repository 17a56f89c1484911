package ai.rpo.core.model;

import java.util.List;

/**
 * Qwen 1.5 and 2 as mixtures: biases on queries, keys and values; experts in all layers, in one of so many, or in all
 * but some, and beside them one that every token goes through; if asked for a window in every other lower layer.
 */
final class Qwen2Moe implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(151_936, 2048, 5632, 24, 16, 16, 0, 32_768, 1e-6, false, List.of());

    private static final WeightNames.SharedExpert SHARED =
            new WeightNames.SharedExpert("mlp.shared_expert.", "mlp.shared_expert_gate");

    @Override
    public String modelType() {
        return "qwen2_moe";
    }

    @Override
    public boolean hasExperts() {
        return true;
    }

    @Override
    public ModelConfig read(JsonObject file) {
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        ExpertKeys experts = new ExpertKeys(file, 60, 4);
        Architecture llama = Architecture.llama(keys.headDim());
        return keys.config(
                keys.activation("hidden_act", "silu"),
                keys.rotary(),
                llama.with(llama.attention().withWindows(windows(file, keys)))
                        .with(new Architecture.Biases(file.flag("qkv_bias", true), false, false, false))
                        .with(experts.inSomeLayers(
                                        WeightNames.Experts.QWEN,
                                        keys.layers(),
                                        file.positiveInt("moe_intermediate_size", 1408),
                                        experts.shares("norm_topk_prob"))
                                .with(SHARED, file.positiveInt("shared_expert_intermediate_size", 5632))));
    }

    /** transformers gives every other of the layers below {@code max_window_layers} one, where Qwen 2 has it above. */
    private static List<Integer> windows(JsonObject file, SharedKeys keys) {
        if (!file.flag("use_sliding_window", false) || file.isNull("sliding_window")) {
            return List.of();
        }
        int below = file.natural("max_window_layers", 28);
        return keys.windowWhere(file.positiveInt("sliding_window", 4096), layer -> layer % 2 == 0 && layer < below);
    }
}
