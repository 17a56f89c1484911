package ai.rpo.core.decoder;

import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.WeightNames;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.Optional;

/**
 * One transformer block: attention, then feed-forward, each added to the residual stream. It may be told to keep only
 * some rows: of the last block's rows only those are needed that predict a token, and the keys and values of the others.
 */
final class Block {

    record Saved(Branch.Saved<Attention.Saved> attention, Branch.Saved<FeedForward.Saved> feedForward) {}

    private final Branch<Attention.Saved> attention;
    private final Branch<FeedForward.Saved> feedForward;

    Block(Backend backend, ModelConfig config, Optional<Lora> lora, RotaryTable rotary, int layer) {
        WeightNames names = config.architecture().names();
        String block = names.block(layer);
        attention = new Branch<>(
                backend,
                Normalization.of(backend, config, block + names.attention().norm()),
                new Attention(backend, config, lora, rotary, layer),
                names.attention().afterNorm().map(name -> Normalization.of(backend, config, block + name)));
        feedForward = new Branch<>(
                backend,
                Normalization.of(backend, config, block + names.feedForward().norm()),
                new FeedForward(backend, config, lora, layer),
                names.feedForward().afterNorm().map(name -> Normalization.of(backend, config, block + name)));
    }

    /**
     * Computes {@code out} from {@code x [tokens, hidden]}; what it saves lies in the workspace.
     *
     * @param kept the batch, or only those of its rows that predict a token
     * @param out {@code [tokens kept, hidden]}
     */
    Saved forward(Parameters weights, Tensor x, TokenRows batch, TokenRows kept, Tensor out, Workspace workspace) {
        Tensor middle = workspace.tensor(out.rows(), out.columns());
        return new Saved(
                attention.forward(weights, x, batch, kept, middle, workspace),
                feedForward.forward(weights, middle, kept, kept, out, workspace));
    }

    /**
     * Turns the gradient of the block's output into that of its input, in place where all rows were kept; see
     * {@link Branch#backward}.
     */
    void backward(
            Parameters weights,
            Saved saved,
            PackedBatch batch,
            PackedBatch kept,
            Tensor gradient,
            Tensor dX,
            Parameters gradients,
            Workspace workspace) {
        feedForward.backward(weights, saved.feedForward, kept, kept, gradient, gradient, gradients, workspace);
        attention.backward(weights, saved.attention, batch, kept, gradient, dX, gradients, workspace);
    }
}
