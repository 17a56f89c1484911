package ai.rpo.core.decoder;

import ai.rpo.core.model.Architecture;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.WeightNames;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Computes what the expert adds that every token goes through, beside those that a router chooses: {@code
 * sigmoid(gate·x)·feedForward(x)}, with one gate for all columns.
 */
final class SharedExpert {

    /**
     * @param gates sigmoid of each token's gate
     * @param logits of those, {@code [tokens, 1]}
     * @param computed what the feed-forward made, {@code [tokens, hidden]}
     */
    record Saved(double[] gates, Tensor logits, FeedForward.Saved inner, Tensor computed) {}

    private final Backend backend;
    private final Projection gate;
    private final FeedForward feedForward;

    private SharedExpert(Backend backend, Projection gate, FeedForward feedForward) {
        this.backend = backend;
        this.gate = gate;
        this.feedForward = feedForward;
    }

    /** @return empty where a mixture has none */
    static Optional<SharedExpert> of(Backend backend, ModelConfig config, Architecture.Mixture mixture, int layer) {
        WeightNames names = config.architecture().names();
        return mixture.names().shared().map(shared -> {
            List<String> gate = List.of(names.block(layer) + shared.gate());
            return new SharedExpert(
                    backend,
                    Projection.of(backend, gate, false, names.inputMajor(), Optional.empty()),
                    FeedForward.ofSharedExpert(backend, config, mixture, layer));
        });
    }

    /** Adds to {@code out [tokens, hidden]}. */
    Saved forward(Parameters weights, Tensor x, TokenRows batch, Tensor out, Workspace workspace) {
        Tensor logits = workspace.tensor(x.rows(), 1);
        gate.forward(weights, x, batch, logits, false, workspace);
        double[] gates = Arrays.stream(logits.toArray())
                .map(logit -> 1 / (1 + Math.exp(-logit)))
                .toArray();
        FeedForward.Saved inner = feedForward.scratch(x.rows(), workspace);
        Tensor computed = workspace.tensor(x.rows(), x.columns());
        feedForward.forward(weights, x, batch, inner, computed, false, workspace);
        backend.mixRows(computed, everyRow(gates), gates, out);
        return new Saved(gates, logits, inner, computed);
    }

    /**
     * Adds to the weights' gradients and to {@code dX}.
     *
     * @param saved is used up
     */
    void backward(
            Parameters weights,
            Saved saved,
            Tensor x,
            PackedBatch batch,
            Tensor dOut,
            Tensor dX,
            Parameters gradients,
            Workspace workspace) {
        double[] gates = saved.gates;
        double[] dGates = new double[gates.length];
        Tensor dComputed = saved.computed;
        backend.mixRowsBackward(saved.computed, everyRow(gates), gates, dOut, dComputed, dGates);
        for (int i = 0; i < gates.length; i++) {
            dGates[i] *= gates[i] * (1 - gates[i]);
        }
        backend.set(dGates, saved.logits);
        Workspace.Mark mark = workspace.mark();
        Tensor part = workspace.tensor(dX.rows(), dX.columns());
        gate.backward(weights, x, batch, saved.logits, part, gradients, workspace);
        backend.add(part, dX);
        feedForward.backward(weights, saved.inner, x, batch, dComputed, part, gradients, workspace);
        backend.add(part, dX);
        workspace.release(mark);
    }

    private static int[] everyRow(double[] gates) {
        int[] rows = new int[gates.length];
        Arrays.setAll(rows, i -> i);
        return rows;
    }
}
