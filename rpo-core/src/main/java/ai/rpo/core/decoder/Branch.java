package ai.rpo.core.decoder;

import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.Optional;

/**
 * Computes what a block adds to the residual stream: {@code multiplier·after(part(norm(x)))}, where either norm may be
 * missing.
 *
 * @param <S> what the part saves for its backward pass
 */
final class Branch<S> {

    /** Computes a branch's result from normalized rows: attention or feed-forward. */
    interface Part<S> {

        /**
         * Overwrites {@code out [tokens kept, hidden]}, or adds to it.
         *
         * @param x {@code [tokens, hidden]}
         * @param kept the batch, or only those of its rows that predict a token
         */
        S forward(
                Parameters weights,
                Tensor x,
                TokenRows batch,
                TokenRows kept,
                Tensor out,
                boolean accumulate,
                Workspace workspace);

        /** Adds to the weights' gradients and overwrites {@code dX}; {@code saved} is used up. */
        void backward(
                Parameters weights,
                S saved,
                Tensor x,
                PackedBatch batch,
                PackedBatch kept,
                Tensor dOut,
                Tensor dX,
                Parameters gradients,
                Workspace workspace);
    }

    /**
     * Holds what a pass left, and the way back through it.
     *
     * @param x input of the branch
     * @param input null where there is no norm before the part
     * @param after null where there is none behind it
     */
    record Saved<S>(Branch<S> branch, Tensor x, Normalization.Saved input, S part, Normalization.Saved after) {

        /**
         * Adds the gradient of the input; is used up.
         *
         * @param dOut gradient of what was added, of the rows kept
         * @param intoX of all rows; may be {@code dOut} itself where all were kept
         */
        void backward(
                Parameters weights,
                PackedBatch batch,
                PackedBatch kept,
                Tensor dOut,
                Tensor intoX,
                Parameters gradients,
                Workspace workspace) {
            branch.backward(weights, this, batch, kept, dOut, intoX, gradients, workspace);
        }
    }

    private final Backend backend;
    private final Optional<Normalization> norm;
    private final Part<S> part;
    private final Optional<Normalization> after;
    private final double multiplier;

    Branch(
            Backend backend,
            Optional<Normalization> norm,
            Part<S> part,
            Optional<Normalization> after,
            double multiplier) {
        this.backend = backend;
        this.norm = norm;
        this.part = part;
        this.after = after;
        this.multiplier = multiplier;
    }

    /**
     * Adds to the residual stream.
     *
     * @param x {@code [tokens, hidden]}
     * @param into {@code [tokens kept, hidden]}
     */
    Saved<S> forward(Parameters weights, Tensor x, TokenRows batch, TokenRows kept, Tensor into, Workspace workspace) {
        Tensor read = x;
        Normalization.Saved input = null;
        if (norm.isPresent()) {
            read = workspace.brief(x.rows(), x.columns());
            input = norm.get().forward(weights, x, read, workspace);
        }
        if (after.isEmpty() && multiplier == 1) {
            S saved = part.forward(weights, read, batch, kept, into, true, workspace);
            return new Saved<>(this, x, input, saved, null);
        }
        Tensor computed = workspace.tensor(into.rows(), into.columns());
        S saved = part.forward(weights, read, batch, kept, computed, false, workspace);
        Normalization.Saved normalized = null;
        if (after.isPresent()) {
            Tensor out = workspace.brief(into.rows(), into.columns());
            normalized = after.get().forward(weights, computed, out, workspace);
            computed = out;
        }
        scale(computed);
        backend.add(computed, into);
        return new Saved<>(this, x, input, saved, normalized);
    }

    private void backward(
            Parameters weights,
            Saved<S> saved,
            PackedBatch batch,
            PackedBatch kept,
            Tensor dOut,
            Tensor intoX,
            Parameters gradients,
            Workspace workspace) {
        Workspace.Mark mark = workspace.mark();
        Tensor dPart = dOut;
        if (multiplier != 1) {
            dPart = workspace.tensor(dOut.rows(), dOut.columns());
            backend.copy(dOut, dPart);
            scale(dPart);
        }
        if (after.isPresent()) {
            Tensor dNormalized = dPart;
            dPart = workspace.zeros(dOut.rows(), dOut.columns());
            after.get().backward(saved.after, dNormalized, dPart, gradients, workspace);
        }
        Tensor dRead = workspace.tensor(intoX.rows(), intoX.columns());
        Tensor read = saved.x;
        if (norm.isPresent()) {
            read = workspace.brief(read.rows(), read.columns());
            norm.get().repeat(weights, saved.input, read);
        }
        part.backward(weights, saved.part, read, batch, kept, dPart, dRead, gradients, workspace);
        if (norm.isPresent()) {
            norm.get().backward(saved.input, dRead, intoX, gradients, workspace);
        } else {
            backend.add(dRead, intoX);
        }
        workspace.release(mark);
    }

    private void scale(Tensor x) {
        if (multiplier != 1) {
            backend.scale(x, multiplier);
        }
    }
}
