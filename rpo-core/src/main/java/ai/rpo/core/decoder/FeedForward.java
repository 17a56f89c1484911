package ai.rpo.core.decoder;

import ai.rpo.core.model.Architecture;
import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.WeightNames;
import ai.rpo.core.tensor.Activation;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.List;
import java.util.Optional;

/**
 * The feed-forward, gated as in Llama-like models (arXiv 2002.05202), {@code down(activation(gate(x))·up(x))}, or
 * plain, {@code down(activation(up(x)))}.
 */
final class FeedForward implements Branch.Part<FeedForward.Saved> {

    /** What enters the activation, gate and up side by side, and what leaves it. */
    record Saved(Tensor before, Tensor activated) {}

    private final Backend backend;
    private final Activation activation;
    private final boolean gated;
    private final int columns;
    private final Projection input;
    private final Projection output;

    FeedForward(Backend backend, ModelConfig config, Optional<Lora> lora, int layer) {
        Architecture architecture = config.architecture();
        WeightNames.FeedForward names = architecture.names().feedForward();
        String block = architecture.names().block(layer);
        boolean biased = architecture.biases().feedForward();
        boolean inputMajor = architecture.names().inputMajor();
        this.backend = backend;
        activation = config.activation();
        gated = architecture.gatedFeedForward();
        columns = config.intermediateSize();
        input = new Projection(
                backend, names.input().stream().map(block::concat).toList(), biased, inputMajor, lora);
        output = new Projection(backend, List.of(block + names.output()), biased, inputMajor, lora);
    }

    /** Keeps the rows that it is given. */
    @Override
    public Saved forward(
            Parameters weights,
            Tensor x,
            TokenRows batch,
            TokenRows kept,
            Tensor out,
            boolean accumulate,
            Workspace workspace) {
        Saved saved = new Saved(
                workspace.tensor(x.rows(), gated ? 2 * columns : columns), workspace.tensor(x.rows(), columns));
        input.forward(weights, x, batch, saved.before, false, workspace);
        if (gated) {
            backend.gatedActivation(saved.before, activation, saved.activated);
        } else {
            backend.activation(saved.before, activation, saved.activated);
        }
        output.forward(weights, saved.activated, batch, out, accumulate, workspace);
        return saved;
    }

    @Override
    public void backward(
            Parameters weights,
            Saved saved,
            Tensor x,
            PackedBatch batch,
            PackedBatch kept,
            Tensor dOut,
            Tensor dX,
            Parameters gradients,
            Workspace workspace) {
        Tensor dActivated = saved.activated;
        output.backward(weights, saved.activated, batch, dOut, dActivated, gradients, workspace);
        Tensor dBefore = saved.before;
        if (gated) {
            backend.gatedActivationBackward(saved.before, activation, dActivated, dBefore);
        } else {
            backend.activationBackward(saved.before, activation, dActivated, dBefore);
        }
        input.backward(weights, x, batch, dBefore, dX, gradients, workspace);
    }
}
