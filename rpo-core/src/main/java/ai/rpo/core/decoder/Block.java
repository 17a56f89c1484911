package ai.rpo.core.decoder;

import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.WeightNames;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.Optional;

/** One transformer block: attention, then feed-forward, each added to the residual stream. */
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

    /** Computes {@code out} from {@code x}, both {@code [tokens, hidden]}; what it saves lies in the workspace. */
    Saved forward(Parameters weights, Tensor x, TokenRows batch, Tensor out, Workspace workspace) {
        Tensor middle = workspace.tensor(x.rows(), x.columns());
        return new Saved(
                attention.forward(weights, x, batch, middle, workspace),
                feedForward.forward(weights, middle, batch, out, workspace));
    }

    /** Turns the gradient of the block's output into that of its input, in place; {@code saved} is used up. */
    void backward(
            Parameters weights,
            Saved saved,
            PackedBatch batch,
            Tensor gradient,
            Parameters gradients,
            Workspace workspace) {
        feedForward.backward(weights, saved.feedForward, batch, gradient, gradients, workspace);
        attention.backward(weights, saved.attention, batch, gradient, gradients, workspace);
    }
}
