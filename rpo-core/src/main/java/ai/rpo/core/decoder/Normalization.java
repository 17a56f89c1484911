package ai.rpo.core.decoder;

import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;

/** Normalizes the rows of {@code [tokens, hidden]}, with learned parameters. */
interface Normalization {

    /** Holds what the backward pass needs: the input, numbers of each row, and the gain as it was applied. */
    record Saved(Tensor x, Tensor statistics, Tensor gain) {}

    /** Overwrites {@code out}, shaped like {@code x}. */
    Saved forward(Parameters weights, Tensor x, Tensor out, Workspace workspace);

    /** Overwrites {@code out} with what the forward pass wrote there. */
    void repeat(Parameters weights, Saved saved, Tensor out);

    /** Adds to the gradients of the input and of the parameters, where those are trained. */
    void backward(Saved saved, Tensor dOut, Tensor intoX, Parameters gradients, Workspace workspace);

    /** The model's kind of normalization, with the parameters of that name. */
    static Normalization of(Backend backend, ModelConfig config, String name) {
        return switch (config.architecture().norm()) {
            case RMS, RMS_PLUS_ONE -> new RmsNorm(backend, config, name, config.hiddenSize());
            case LAYER, LAYER_WITHOUT_BIAS -> new LayerNorm(backend, config, name);
        };
    }
}
