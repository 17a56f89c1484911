package ai.rpo.core.model;

import java.util.List;

/** Qwen 3 with a mixture of experts in all layers, in one of so many, or in all but some. */
final class Qwen3Moe implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(151_936, 2048, 6144, 24, 32, 4, 0, 32_768, 1e-6, false, List.of());

    @Override
    public String modelType() {
        return "qwen3_moe";
    }

    @Override
    public boolean hasExperts() {
        return true;
    }

    @Override
    public ModelConfig read(JsonObject file) {
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        ExpertKeys experts = new ExpertKeys(file, 128, 8);
        Architecture llama = Architecture.llama(keys.headDim());
        List<Integer> windows = file.flag("use_sliding_window", false) ? keys.windowEverywhere(4096) : List.of();
        return keys.config(
                keys.activation("hidden_act", "silu"),
                keys.rotary(),
                llama.with(Qwen3.NAMES)
                        .with(llama.attention().withWindows(windows))
                        .with(keys.biases(false))
                        .with(experts.inSomeLayers(
                                WeightNames.Experts.QWEN,
                                keys.layers(),
                                file.positiveInt("moe_intermediate_size", 768),
                                experts.shares("norm_topk_prob"))));
    }
}
