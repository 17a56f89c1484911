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

        /** Overwrites {@code out}, or adds to it; both tensors are {@code [tokens, hidden]}. */
        S forward(Parameters weights, Tensor x, TokenRows batch, Tensor out, boolean accumulate, Workspace workspace);

        /** Adds to the weights' gradients and overwrites {@code dX}; {@code saved} is used up. */
        void backward(
                Parameters weights,
                S saved,
                Tensor x,
                PackedBatch batch,
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

    /** Computes {@code out} from {@code x}, both {@code [tokens, hidden]}. */
    Saved<S> forward(Parameters weights, Tensor x, TokenRows batch, Tensor out, Workspace workspace) {
        Normalization.Saved input = norm.forward(weights, x, workspace);
        backend.copy(x, out);
        if (after.isEmpty()) {
            return new Saved<>(input, part.forward(weights, input.out(), batch, out, true, workspace), null);
        }
        Tensor computed = workspace.tensor(x.rows(), x.columns());
        S saved = part.forward(weights, input.out(), batch, computed, false, workspace);
        Normalization.Saved normalized = after.get().forward(weights, computed, workspace);
        backend.add(normalized.out(), out);
        return new Saved<>(input, saved, normalized);
    }

    /** Turns the gradient of the output into that of the input, in place; {@code saved} is used up. */
    void backward(
            Parameters weights,
            Saved<S> saved,
            PackedBatch batch,
            Tensor gradient,
            Parameters gradients,
            Workspace workspace) {
        Workspace.Mark mark = workspace.mark();
        Tensor dPart = gradient;
        if (after.isPresent()) {
            dPart = workspace.zeros(gradient.rows(), gradient.columns());
            after.get().backward(saved.after, gradient, dPart, gradients, workspace);
        }
        Tensor dNormalized = workspace.tensor(gradient.rows(), gradient.columns());
        part.backward(weights, saved.part, saved.input.out(), batch, dPart, dNormalized, gradients, workspace);
        norm.backward(saved.input, dNormalized, gradient, gradients, workspace);
        workspace.release(mark);
    }
}
