package ai.rpo.core.decoder;

import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.WeightNames;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.Optional;

/**
 * One transformer block: attention, then feed-forward, each added to the residual stream. The feed-forward may be told to
 * keep only some rows: after the last block's attention no row looks at another, and few predict a token.
 */
final class Block {

    record Saved(Branch.Saved<Attention.Saved> attention, Branch.Saved<FeedForward.Saved> feedForward) {}

    private final Backend backend;
    private final Branch<Attention.Saved> attention;
    private final Branch<FeedForward.Saved> feedForward;

    Block(Backend backend, ModelConfig config, Optional<Lora> lora, RotaryTable rotary, int layer) {
        WeightNames names = config.architecture().names();
        String block = names.block(layer);
        this.backend = backend;
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
        Tensor middle = workspace.tensor(x.rows(), x.columns());
        Branch.Saved<Attention.Saved> attended = attention.forward(weights, x, batch, middle, workspace);
        if (kept != batch) {
            Tensor all = middle;
            middle = workspace.tensor(kept.rows(), x.columns());
            backend.gatherRows(all, ((PackedBatch) batch).predictingRows(), middle);
        }
        return new Saved(attended, feedForward.forward(weights, middle, kept, out, workspace));
    }

    /**
     * Turns the gradient of the block's output into that of its input, in place where all rows were kept.
     *
     * @param saved is used up
     * @param gradient of the rows kept; used up
     * @param dX zeros that receive the gradient of all rows; {@code gradient} itself where all were kept
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
        feedForward.backward(weights, saved.feedForward, kept, gradient, gradients, workspace);
        if (kept != batch) {
            backend.scatterAddRows(gradient, batch.predictingRows(), dX);
        }
        attention.backward(weights, saved.attention, batch, dX, gradients, workspace);
    }
}
