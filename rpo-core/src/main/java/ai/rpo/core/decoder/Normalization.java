package ai.rpo.core.decoder;

import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;

/** RMSNorm with a learned gain, over the rows of {@code [tokens, hidden]}. */
final class Normalization {

    /** What the backward pass needs: the input, its inverse root mean square, and the output. */
    record Saved(Tensor x, Tensor inverseRms, Tensor out) {}

    private final Backend backend;
    private final double epsilon;
    private final String weight;

    Normalization(Backend backend, double epsilon, String weight) {
        this.backend = backend;
        this.epsilon = epsilon;
        this.weight = weight;
    }

    Saved forward(Parameters weights, Tensor x, Workspace workspace) {
        Saved saved = new Saved(x, workspace.tensor(x.rows(), 1), workspace.tensor(x.rows(), x.columns()));
        backend.rmsNorm(x, weights.get(weight), epsilon, saved.out, saved.inverseRms);
        return saved;
    }

    /** Adds to the gradients of the input and of the gain. */
    void backward(Parameters weights, Saved saved, Tensor dOut, Tensor intoX, Parameters gradients) {
        backend.rmsNormBackward(saved.x, weights.get(weight), saved.inverseRms, dOut, intoX, gradients.get(weight));
    }
}
