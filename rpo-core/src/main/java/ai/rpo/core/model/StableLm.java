package ai.rpo.core.model;

import java.util.List;
import java.util.Optional;

/** StableLM: Llama with LayerNorm and a rotation of the first columns of each head. */
final class StableLm implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(50_304, 2560, 6912, 32, 32, 32, 0, 4096, 1e-5, false, List.of(0));

    @Override
    public String modelType() {
        return "stablelm";
    }

    @Override
    public Optional<String> classifier() {
        return Optional.of("StableLm");
    }

    @Override
    public ModelConfig read(JsonObject file) {
        SharedKeys.refuse(file, "qk_layernorm");
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        Architecture.Residual residual = keys.residual("use_parallel_residual", false);
        return keys.config(
                keys.activation("hidden_act", "silu"),
                keys.epsilon("layer_norm_eps"),
                keys.rotaryOfPartsOfHeads(0.25),
                Architecture.llama(keys.headDim())
                        .with(
                                residual == Architecture.Residual.PARALLEL
                                        ? WeightNames.LLAMA.withOneNorm()
                                        : WeightNames.LLAMA)
                        .with(Architecture.Norm.LAYER)
                        .with(new Architecture.Biases(file.flag("use_qkv_bias", false), false, false, false))
                        .with(residual));
    }
}
