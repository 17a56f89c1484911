package ai.rpo.core.model;

import java.util.List;
import java.util.Optional;

/**
 * Cohere 2, Command R7B: one LayerNorm without bias for attention and the feed-forward beside it, and positions known only
 * to the layers with a window.
 */
final class Cohere2 implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(256_000, 8192, 22_528, 40, 64, 0, 0, 8192, 1e-5, true, List.of(255_001));

    private static final WeightNames NAMES = WeightNames.LLAMA
            .with(WeightNames.Attention.LLAMA.with(WeightNames.Rows.PAIRS_TOGETHER))
            .withOneNorm();

    @Override
    public String modelType() {
        return "cohere2";
    }

    @Override
    public Optional<String> classifier() {
        return Optional.empty();
    }

    @Override
    public ModelConfig read(JsonObject file) {
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        List<Integer> windows = keys.windowBetweenFullLayers(4096, 4);
        Architecture llama = Architecture.llama(keys.headDim());
        return keys.config(
                keys.activation("hidden_act", "silu"),
                keys.epsilon("layer_norm_eps"),
                SharedKeys.where(SharedKeys.areWindowed(windows), keys.rotary()),
                llama.with(NAMES)
                        .with(llama.attention().withWindows(windows))
                        .with(Architecture.Norm.LAYER_WITHOUT_BIAS)
                        .with(keys.biases(false))
                        .with(Architecture.Residual.PARALLEL)
                        .with(new Architecture.Multipliers(1, 1, file.positive("logit_scale", 0.0625))));
    }
}
