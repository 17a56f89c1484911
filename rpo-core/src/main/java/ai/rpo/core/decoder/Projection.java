package ai.rpo.core.decoder;

import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import java.util.List;

/** A linear map, or several of one input that lie side by side, with weights as the model's file has them. */
final class Projection {

    private final Backend backend;
    private final String first;
    private final String last;
    private final boolean biased;
    private final boolean inputMajor;

    /**
     * @param names of neighbours in the layout, without {@code .weight}
     * @param inputMajor whether the weight is {@code [in, out]}
     */
    Projection(Backend backend, String block, List<String> names, boolean biased, boolean inputMajor) {
        if (inputMajor && names.size() > 1) {
            throw new IllegalArgumentException("Weights stored input first do not lie side by side: " + names);
        }
        this.backend = backend;
        this.biased = biased;
        this.inputMajor = inputMajor;
        first = block + names.get(0);
        last = block + names.get(names.size() - 1);
    }

    /** {@code x [tokens, in]} to {@code out [tokens, out]}, overwriting it or adding to it. */
    void forward(Parameters weights, Tensor x, Tensor out, boolean accumulate) {
        if (inputMajor) { // x·W is what the gradient of the other layout's input is made with
            backend.linearBackwardInput(x, weight(weights), out, accumulate);
        } else {
            backend.linear(x, weight(weights), out, accumulate);
        }
        if (biased) {
            backend.addRow(bias(weights), out);
        }
    }

    /** Adds to the weights' gradients and overwrites {@code dX}, which may be {@code x} itself. */
    void backward(Parameters weights, Tensor x, Tensor dOut, Tensor dX, Parameters gradients) {
        if (biased) {
            backend.addRowBackward(dOut, bias(gradients));
        }
        if (inputMajor) {
            backend.linearBackwardWeight(x, dOut, weight(gradients));
            backend.linear(dOut, weight(weights), dX, false);
        } else {
            backend.linearBackwardWeight(dOut, x, weight(gradients));
            backend.linearBackwardInput(dOut, weight(weights), dX, false);
        }
    }

    private Tensor weight(Parameters parameters) {
        return parameters.stacked(first + ".weight", last + ".weight");
    }

    private Tensor bias(Parameters parameters) {
        return parameters.stacked(first + ".bias", last + ".bias");
    }
}
