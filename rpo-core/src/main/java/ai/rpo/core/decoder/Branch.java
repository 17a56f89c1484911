package ai.rpo.core.decoder;

import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.Optional;

/**
 * One half of a block: {@code x + part(norm(x))}, or {@code x + after(part(norm(x)))}.
 *
 * @param <S> what the part saves for its backward pass
 */
final class Branch<S> {

    /** What a branch computes from normalized rows: attention or feed-forward. */
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

    record Saved<S>(Normalization.Saved input, S part, Normalization.Saved after) {}

    private final Backend backend;
    private final Normalization norm;
    private final Part<S> part;
    private final Optional<Normalization> after;

    Branch(Backend backend, Normalization norm, Part<S> part, Optional<Normalization> after) {
        this.backend = backend;
        this.norm = norm;
        this.part = part;
        this.after = after;
    }

    /** Computes {@code out [tokens kept, hidden]} from {@code x [tokens, hidden]}. */
    Saved<S> forward(Parameters weights, Tensor x, TokenRows batch, TokenRows kept, Tensor out, Workspace workspace) {
        Normalization.Saved input = norm.forward(weights, x, workspace);
        if (kept == batch) {
            backend.copy(x, out);
        } else {
            backend.gatherRows(x, ((PackedBatch) batch).predictingRows(), out);
        }
        if (after.isEmpty()) {
            return new Saved<>(input, part.forward(weights, input.out(), batch, kept, out, true, workspace), null);
        }
        Tensor computed = workspace.tensor(out.rows(), out.columns());
        S saved = part.forward(weights, input.out(), batch, kept, computed, false, workspace);
        Normalization.Saved normalized = after.get().forward(weights, computed, workspace);
        backend.add(normalized.out(), out);
        return new Saved<>(input, saved, normalized);
    }

    /**
     * Turns the gradient of the output into that of the input, in place where all rows were kept.
     *
     * @param saved is used up
     * @param gradient of the rows kept; used up
     * @param dX zeros that receive the gradient of all rows; {@code gradient} itself where all were kept
     */
    void backward(
            Parameters weights,
            Saved<S> saved,
            PackedBatch batch,
            PackedBatch kept,
            Tensor gradient,
            Tensor dX,
            Parameters gradients,
            Workspace workspace) {
        Workspace.Mark mark = workspace.mark();
        Tensor dPart = gradient;
        if (after.isPresent()) {
            dPart = workspace.zeros(gradient.rows(), gradient.columns());
            after.get().backward(saved.after, gradient, dPart, gradients, workspace);
        }
        Tensor dNormalized = workspace.tensor(dX.rows(), dX.columns());
        part.backward(weights, saved.part, saved.input.out(), batch, kept, dPart, dNormalized, gradients, workspace);
        if (kept != batch) {
            backend.scatterAddRows(gradient, batch.predictingRows(), dX);
        }
        norm.backward(saved.input, dNormalized, dX, gradients, workspace);
        workspace.release(mark);
    }
}
