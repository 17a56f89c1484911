package ai.rpo.core.model;

import java.util.List;

/** Mixtral: Mistral with a mixture of experts in every layer. */
final class Mixtral implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(32_000, 4096, 14_336, 32, 32, 8, 0, 131_072, 1e-5, false, List.of(2));

    private static final WeightNames.Experts EXPERTS = new WeightNames.Experts(
            "block_sparse_moe.gate", "block_sparse_moe.experts.", List.of("w1", "w3"), "w2", false);

    @Override
    public String modelType() {
        return "mixtral";
    }

    @Override
    public boolean hasExperts() {
        return true;
    }

    @Override
    public ModelConfig read(JsonObject file) {
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        ExpertKeys experts = new ExpertKeys(file, 8, 2);
        Architecture llama = Architecture.llama(keys.headDim());
        return keys.config(
                keys.activation("hidden_act", "silu"),
                keys.rotary(1_000_000),
                llama.with(llama.attention().withWindows(keys.windowEverywhere(0)))
                        .with(experts.everywhere(
                                EXPERTS, keys.layers(), keys.intermediate(), Architecture.Shares.OF_CHOSEN)));
    }
}
