package ai.rpo.core.decoder;

import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.tensor.Activation;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;

/** The gated feed-forward of Llama-like models (arXiv 2002.05202): {@code down(activation(gate(x))·up(x))}. */
final class FeedForward {

    /** Both projections side by side, and their gated product. */
    record Saved(Tensor gateUp, Tensor product) {}

    private final Backend backend;
    private final Activation activation;
    private final int columns;
    private final String gate;
    private final String up;
    private final String down;

    FeedForward(Backend backend, ModelConfig config, String prefix) {
        this.backend = backend;
        activation = config.activation();
        columns = config.intermediateSize();
        gate = prefix + "gate_proj.weight";
        up = prefix + "up_proj.weight";
        down = prefix + "down_proj.weight";
    }

    /** Adds the feed-forward of {@code x [tokens, hidden]} to the residual stream. */
    Saved forward(Parameters weights, Tensor x, Tensor intoResidual, Workspace workspace) {
        Saved saved = new Saved(workspace.tensor(x.rows(), 2 * columns), workspace.tensor(x.rows(), columns));
        backend.linear(x, weights.stacked(gate, up), saved.gateUp, false);
        backend.gatedActivation(saved.gateUp, activation, saved.product);
        backend.linear(saved.product, weights.get(down), intoResidual, true);
        return saved;
    }

    /** The gradient with respect to {@code x}, given that of the residual stream; {@code saved} is used up. */
    Tensor backward(
            Parameters weights, Saved saved, Tensor x, Tensor dResidual, Parameters gradients, Workspace workspace) {
        backend.linearBackwardWeight(dResidual, saved.product, gradients.get(down));
        Tensor dProduct = saved.product;
        backend.linearBackwardInput(dResidual, weights.get(down), dProduct, false);
        Tensor dGateUp = saved.gateUp;
        backend.gatedActivationBackward(saved.gateUp, activation, dProduct, dGateUp);
        backend.linearBackwardWeight(dGateUp, x, gradients.stacked(gate, up));
        Tensor dX = workspace.tensor(x.rows(), x.columns());
        backend.linearBackwardInput(dGateUp, weights.stacked(gate, up), dX, false);
        return dX;
    }
}
