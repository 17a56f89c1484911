package ai.rpo.core.model;

import java.util.List;
import java.util.Set;

/** Ministral 3: Llama whose queries grow with their position beyond the length that it was first trained on. */
final class Ministral3 implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(131_072, 4096, 14_336, 34, 32, 8, 128, 262_144, 1e-5, false, List.of(2));

    private static final String BETA = "llama_4_scaling_beta";

    /** Says what transformers takes where the file says nothing of the rotation. */
    private static final JsonObject ROTATION = JsonObject.parse("""
            {"rope_type": "yarn", "rope_theta": 1000000.0, "factor": 16.0, "original_max_position_embeddings": 16384,
             "beta_fast": 32.0, "beta_slow": 1.0, "mscale_all_dim": 1.0, "mscale": 1.0, "llama_4_scaling_beta": 0.1}
            """, "config.json");

    @Override
    public String modelType() {
        return "ministral3";
    }

    @Override
    public Set<String> ownRotaryKeys() {
        return Set.of(BETA, "max_position_embeddings");
    }

    @Override
    public ModelConfig read(JsonObject file) {
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        JsonObject rotation = RotaryScaling.given(file).orElse(ROTATION);
        Architecture llama = Architecture.llama(keys.headDim());
        return keys.config(
                keys.activation("hidden_act", "silu"),
                keys.everywhere(RotaryScaling.ofWholeHeads(
                        file, rotation, keys.headDim(), keys.contextLength(), RotaryScaling.DEFAULT_THETA)),
                llama.with(llama.attention()
                        .withWindows(keys.windowEverywhere(0))
                        .with(new Architecture.QueryScaling(
                                rotation.number(BETA),
                                rotation.positiveInt("original_max_position_embeddings", keys.contextLength())))));
    }
}
