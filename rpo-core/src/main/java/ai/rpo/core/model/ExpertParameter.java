package ai.rpo.core.model;

import java.util.List;
import java.util.Optional;

/**
 * A projection of all experts of a layer at once, as transformers has it in memory and PEFT adapts it: with A {@code
 * [experts·rank, in]}, expert after expert, and B {@code [out, rank·experts]}, whose neighbouring columns belong to
 * neighbouring experts.
 *
 * @param name such as {@code model.layers.0.mlp.experts.gate_up_proj}
 * @param in columns of what an expert's projection reads
 * @param out columns of what it makes; gate and up together
 */
public record ExpertParameter(String name, int experts, int in, int out) {

    static final String INPUT = ".gate_up_proj";
    static final String OUTPUT = ".down_proj";

    private static final String MODULE = "mlp.experts";

    /** Gate and up, then down, of a layer that has experts. */
    static List<ExpertParameter> of(ModelConfig config, int layer) {
        Optional<Architecture.Mixture> mixture = config.architecture().mixture(layer);
        return mixture.map(some -> List.of(input(config, some, layer), output(config, some, layer)))
                .orElse(List.of());
    }

    /** Gate and up of a layer's experts. */
    public static ExpertParameter input(ModelConfig config, Architecture.Mixture mixture, int layer) {
        return new ExpertParameter(
                module(config, layer) + INPUT, mixture.experts(), config.hiddenSize(), 2 * mixture.columns());
    }

    /** Names what makes the output of a layer's experts. */
    public static ExpertParameter output(ModelConfig config, Architecture.Mixture mixture, int layer) {
        return new ExpertParameter(
                module(config, layer) + OUTPUT, mixture.experts(), mixture.columns(), config.hiddenSize());
    }

    private static String module(ModelConfig config, int layer) {
        return config.architecture().names().block(layer) + MODULE;
    }
}
