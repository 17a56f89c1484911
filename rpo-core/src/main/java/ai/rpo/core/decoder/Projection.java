package ai.rpo.core.decoder;

import ai.rpo.core.model.Lora;
import ai.rpo.core.model.WeightNames;
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
    private final String firstName;
    private final Weight weight;
    private final Optional<Window> bias;
    private final boolean inputMajor;
    private final Optional<? extends Update> update;
    private final Optional<Magnitudes> magnitudes;

    /**
     * A weight among parameters, unpacked into scratch memory where it is kept in fewer bits; or its gradient among
     * gradients.
     */
    private interface Weight {
        Tensor of(Parameters parameters, Workspace workspace);
    }

    /** Finds a bias among parameters, or its gradient among gradients. */
    private interface Window {
        Tensor of(Parameters parameters);
    }

    /** Computes what an adapter adds to the product. */
    interface Update {

        /** Adds to {@code out [tokens, out]}. */
        void forward(Parameters weights, Tensor x, TokenRows batch, Tensor out, Workspace workspace);

        /**
         * Adds to the gradients of A and B; x is read, and may be overwritten after that.
         *
         * @return the gradient of x times A, in the workspace
         */
        Tensor backward(
                Parameters weights,
                Tensor x,
                PackedBatch batch,
                Tensor dOut,
                Parameters gradients,
                Workspace workspace);

        /** Adds to the gradient of x. */
        void backwardInput(Parameters weights, Tensor dReduced, PackedBatch batch, Tensor dX, Workspace workspace);
    }

    private Projection(
            Backend backend,
            String firstName,
            Weight weight,
            Optional<Window> bias,
            boolean inputMajor,
            Optional<? extends Update> update,
            Optional<Magnitudes> magnitudes) {
        this.backend = backend;
        this.firstName = firstName;
        this.weight = weight;
        this.bias = bias;
        this.inputMajor = inputMajor;
        this.update = update;
        this.magnitudes = magnitudes;
    }

    /**
     * @param names full names of neighbours in the layout, without {@code .weight}
     * @param inputMajor whether the weight is {@code [in, out]}
     */
    static Projection of(Backend backend, List<String> names, boolean biased, boolean inputMajor, Optional<Lora> lora) {
        if (inputMajor && names.size() > 1) {
            throw new IllegalArgumentException("Weights stored input first do not lie side by side: " + names);
        }
        String first = names.get(0);
        String last = names.get(names.size() - 1);
        List<String> weights = names.stream().map(name -> name + ".weight").toList();
        Optional<LowRankUpdate> update = lora.flatMap(adapter -> LowRankUpdate.of(backend, adapter, names, inputMajor));
        Window bias = parameters -> parameters.stacked(first + ".bias", last + ".bias");
        return new Projection(
                backend,
                first + ".weight",
                (parameters, workspace) -> parameters.matrix(weights, backend, workspace),
                biased ? Optional.of(bias) : Optional.empty(),
                inputMajor,
                update,
                Magnitudes.of(backend, lora, names, update, inputMajor));
    }

    /**
     * One expert's, of a tensor {@code [experts, in, out]} that holds those of all, and of {@code [experts, out]}
     * biases.
     *
     * @param tensor its full name
     */
    static Projection ofExpert(Backend backend, String tensor, int expert, int experts) {
        return new Projection(
                backend,
                tensor,
                (parameters, workspace) -> parameters.part(tensor, expert, experts, backend, workspace),
                Optional.of(parameters ->
                        Parameters.part(parameters.get(tensor + WeightNames.Experts.BIAS), expert, experts)),
                true,
                Optional.empty(),
                Optional.empty());
    }

    /** Gives the same with what an adapter adds to it. */
    Projection with(Optional<? extends Update> other) {
        return new Projection(backend, firstName, weight, bias, inputMajor, other, magnitudes);
    }

    /** {@code x [tokens, in]} to {@code out [tokens, out]}, overwriting it or adding to it. */
    void forward(Parameters weights, Tensor x, TokenRows batch, Tensor out, boolean accumulate, Workspace workspace) {
        if (magnitudes.isEmpty()) {
            throughWeight(weights, x, out, accumulate, workspace);
            update.ifPresent(low -> low.forward(weights, x, batch, out, workspace));
        } else {
            Workspace.Mark mark = workspace.mark();
            Tensor product = accumulate ? workspace.tensor(out.rows(), out.columns()) : out;
            Tensor read = magnitudes.get().read(x, batch, workspace);
            adapted(weights, x, read, batch, product, workspace);
            Tensor factors = magnitudes.get().gains(weights, workspace).factors();
            backend.scaleColumns(product, factors, product);
            if (read != x) { // the rest of x goes through the model's weights alone
                backend.scale(read, -1);
                backend.add(x, read);
                throughWeight(weights, read, product, true, workspace);
            }
            if (accumulate) {
                backend.add(product, out);
            }
            workspace.release(mark);
        }
        bias.ifPresent(window -> backend.addRow(window.of(weights), out));
    }

    /** The product that magnitudes are of: of what they read with the weight, and what an adapter adds to that. */
    private void adapted(Parameters weights, Tensor x, Tensor read, TokenRows batch, Tensor out, Workspace workspace) {
        throughWeight(weights, read, out, false, workspace);
        update.orElseThrow().forward(weights, x, batch, out, workspace);
    }

    private void throughWeight(Parameters weights, Tensor x, Tensor out, boolean accumulate, Workspace workspace) {
        Workspace.Mark mark = workspace.mark();
        if (inputMajor) { // x·W is what the gradient of the other layout's input is made with
            backend.linearBackwardInput(x, weight.of(weights, workspace), out, accumulate);
        } else {
            backend.linear(x, weight.of(weights, workspace), out, accumulate);
        }
        workspace.release(mark);
    }

    private void throughWeightBackward(
            Parameters weights, Tensor dOut, Tensor dX, boolean accumulate, Workspace workspace) {
        if (inputMajor) {
            backend.linear(dOut, weight.of(weights, workspace), dX, accumulate);
        } else {
            backend.linearBackwardInput(dOut, weight.of(weights, workspace), dX, accumulate);
        }
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
        boolean drops = magnitudes.isPresent() && magnitudes.get().drops(batch);
        Tensor dProduct = throughMagnitudes(weights, x, batch, dOut, gradients, workspace);
        Optional<Tensor> dReduced = update.map(low -> low.backward(weights, x, batch, dProduct, gradients, workspace));
        if (gradients.hold(firstName)) {
            backwardWeight(x, dProduct, gradients, workspace);
        }
        if (drops) { // all of x went through the weight; what magnitudes changed, only without what was dropped
            Tensor dChange = dProduct; // less dOut
            backend.scale(dChange, -1);
            backend.add(dOut, dChange);
            backend.scale(dChange, -1);
            throughWeightBackward(weights, dChange, dX, false, workspace);
            magnitudes.get().readBackward(dX, batch);
            throughWeightBackward(weights, dOut, dX, true, workspace);
        } else {
            throughWeightBackward(weights, dProduct, dX, false, workspace);
        }
        dReduced.ifPresent(reduced -> update.orElseThrow().backwardInput(weights, reduced, batch, dX, workspace));
        workspace.release(mark);
    }

    /** The gradient of the product, which is computed again, since the magnitudes' gradients need it. */
    private Tensor throughMagnitudes(
            Parameters weights, Tensor x, PackedBatch batch, Tensor dOut, Parameters gradients, Workspace workspace) {
        if (magnitudes.isEmpty()) {
            return dOut;
        }
        Tensor product = workspace.tensor(dOut.rows(), dOut.columns());
        adapted(weights, x, magnitudes.get().read(x, batch, workspace), batch, product, workspace);
        Magnitudes.Gains gains = magnitudes.get().gains(weights, workspace);
        magnitudes.get().backward(weights, gains, product, dOut, gradients, workspace);
        backend.scaleColumns(dOut, gains.factors(), product);
        return product;
    }

    private void backwardWeight(Tensor x, Tensor dOut, Parameters gradients, Workspace workspace) {
        bias.ifPresent(window -> backend.addRowBackward(dOut, window.of(gradients)));
        if (inputMajor) {
            backend.linearBackwardWeight(x, dOut, weight.of(gradients, workspace));
        } else {
            backend.linearBackwardWeight(dOut, x, weight.of(gradients, workspace));
        }
    }
}
