package ai.rpo.core.model;

import java.util.List;

/**
 * EXAONE 4: Llama that normalizes after attention and feed-forward only, and each query and key head; where some layers
 * have a window, only those know positions.
 */
final class Exaone4 implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(102_400, 4096, 16_384, 32, 32, 32, 0, 2048, 1e-5, false, List.of(2));

    private static final WeightNames NAMES = WeightNames.LLAMA
            .with(WeightNames.Attention.LLAMA.with(WeightNames.QueryKeyNorm.PER_HEAD))
            .withNormsAfterOnly();

    @Override
    public String modelType() {
        return "exaone4";
    }

    @Override
    public ModelConfig read(JsonObject file) {
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        boolean windowed = !file.isNull("sliding_window");
        List<Integer> windows = windowed ? keys.windowBetweenFullLayers(4096, 4) : List.of();
        Architecture llama = Architecture.llama(keys.headDim());
        return keys.config(
                keys.activation("hidden_act", "silu"),
                windowed ? SharedKeys.where(SharedKeys.areWindowed(windows), keys.rotary()) : keys.rotary(),
                llama.with(NAMES).with(llama.attention().withWindows(windows)));
    }
}
