package ai.rpo.core.model;

import java.util.List;
import java.util.Set;

/** Gemma 3's text models: Gemma 2 with normalized query and key heads, and another rotation in layers without a window. */
final class Gemma3 implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(262_208, 2304, 9216, 26, 8, 4, 256, 131_072, 1e-6, true, List.of(1));

    private static final WeightNames NAMES =
            Gemma2.NAMES.with(Gemma2.NAMES.attention().with(WeightNames.QueryKeyNorm.PER_HEAD));

    @Override
    public String modelType() {
        return "gemma3_text";
    }

    @Override
    public Set<String> ownRotaryKeys() {
        return SharedKeys.LAYER_TYPES;
    }

    @Override
    public ModelConfig read(JsonObject file) {
        Gemma.refuseBidirectional(file);
        if (file.has("attn_logit_softcapping")) {
            throw file.refuse("attn_logit_softcapping", "but this family's scores are not capped");
        }
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        List<Integer> windows = keys.windowBetweenFullLayers(4096, 6);
        return keys.config(
                keys.activation("hidden_activation", "gelu_pytorch_tanh"),
                keys.rotaryByLayerType(
                        windows, file.positive("rope_theta", 1_000_000), file.positive("rope_local_base_freq", 10_000)),
                Gemma.architecture(keys)
                        .with(NAMES)
                        .with(Gemma2.attention(file).withWindows(windows))
                        .withLogitCap(Gemma2.cap(file, "final_logit_softcapping", 0)));
    }
}
