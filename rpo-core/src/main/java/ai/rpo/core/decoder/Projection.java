package ai.rpo.core.decoder;

import ai.rpo.core.model.Lora;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.List;
import java.util.Optional;

/**
 * A linear map, or several of one input that lie side by side, with weights as the model's file has them, and with what
 * an adapter adds to them.
 */
final class Projection {

    private final Backend backend;
    private final String firstWeight;
    private final String lastWeight;
    private final String firstBias;
    private final String lastBias;
    private final boolean biased;
    private final boolean inputMajor;
    private final Optional<LowRankUpdate> update;

    /**
     * @param names full names of neighbours in the layout, without {@code .weight}
     * @param inputMajor whether the weight is {@code [in, out]}
     */
    Projection(Backend backend, List<String> names, boolean biased, boolean inputMajor, Optional<Lora> lora) {
        if (inputMajor && names.size() > 1) {
            throw new IllegalArgumentException("Weights stored input first do not lie side by side: " + names);
        }
        this.backend = backend;
        this.biased = biased;
        this.inputMajor = inputMajor;
        String first = names.get(0);
        String last = names.get(names.size() - 1);
        firstWeight = first + ".weight";
        lastWeight = last + ".weight";
        firstBias = first + ".bias";
        lastBias = last + ".bias";
        update = lora.flatMap(adapter -> LowRankUpdate.of(backend, adapter, names, inputMajor));
    }

    /** {@code x [tokens, in]} to {@code out [tokens, out]}, overwriting it or adding to it. */
    void forward(Parameters weights, Tensor x, TokenRows batch, Tensor out, boolean accumulate, Workspace workspace) {
        if (inputMajor) { // x·W is what the gradient of the other layout's input is made with
            backend.linearBackwardInput(x, weight(weights), out, accumulate);
        } else {
            backend.linear(x, weight(weights), out, accumulate);
        }
        if (biased) {
            backend.addRow(bias(weights), out);
        }
        update.ifPresent(low -> low.forward(weights, x, batch, out, workspace));
    }

    /** Adds to the gradients of what is trained and overwrites {@code dX}, which may be {@code x} itself. */
    void backward(
            Parameters weights,
            Tensor x,
            PackedBatch batch,
            Tensor dOut,
            Tensor dX,
            Parameters gradients,
            Workspace workspace) {
        Workspace.Mark mark = workspace.mark();
        Optional<Tensor> dReduced = update.map(low -> low.backward(weights, x, batch, dOut, gradients, workspace));
        if (gradients.hold(firstWeight)) {
            backwardWeight(x, dOut, gradients);
        }
        if (inputMajor) {
            backend.linear(dOut, weight(weights), dX, false);
        } else {
            backend.linearBackwardInput(dOut, weight(weights), dX, false);
        }
        dReduced.ifPresent(reduced -> update.orElseThrow().backwardInput(weights, reduced, batch, dX, workspace));
        workspace.release(mark);
    }

    private void backwardWeight(Tensor x, Tensor dOut, Parameters gradients) {
        if (biased) {
            backend.addRowBackward(dOut, bias(gradients));
        }
        if (inputMajor) {
            backend.linearBackwardWeight(x, dOut, weight(gradients));
        } else {
            backend.linearBackwardWeight(dOut, x, weight(gradients));
        }
    }

    private Tensor weight(Parameters parameters) {
        return parameters.stacked(firstWeight, lastWeight);
    }

    private Tensor bias(Parameters parameters) {
        return parameters.stacked(firstBias, lastBias);
    }
}
