package ai.rpo.core.model;

import java.util.List;
import java.util.Optional;

/** OLMoE: Llama that normalizes queries and keys over all heads at once, with a mixture of experts in every layer. */
final class Olmoe implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(50_304, 2048, 2048, 16, 16, 0, 0, 4096, 1e-5, false, List.of(50_279));

    private static final WeightNames NAMES =
            WeightNames.LLAMA.with(WeightNames.Attention.LLAMA.with(WeightNames.QueryKeyNorm.OVER_ALL_HEADS));

    @Override
    public String modelType() {
        return "olmoe";
    }

    @Override
    public boolean hasExperts() {
        return true;
    }

    @Override
    public Optional<String> classifier() {
        return Optional.empty();
    }

    @Override
    public ModelConfig read(JsonObject file) {
        if (file.has("clip_qkv")) {
            throw file.refuse(
                    "clip_qkv", "but clipped queries, keys and values are not supported", "Use a model without");
        }
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        ExpertKeys experts = new ExpertKeys(file, 64, 8);
        return keys.config(
                keys.activation("hidden_act", "silu"),
                keys.rotary(),
                Architecture.llama(keys.headDim())
                        .with(NAMES)
                        .with(keys.biases(false))
                        .with(experts.everywhere(
                                WeightNames.Experts.QWEN,
                                keys.layers(),
                                keys.intermediate(),
                                experts.shares("norm_topk_prob"))));
    }
}
