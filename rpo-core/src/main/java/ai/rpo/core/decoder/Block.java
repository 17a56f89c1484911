package ai.rpo.core.decoder;

import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;

/** One pre-norm transformer block: {@code x + attention(norm(x))}, then {@code x + feedForward(norm(x))}. */
final class Block {

    record Saved(
            Normalization.Saved attentionInput,
            Attention.Saved attention,
            Normalization.Saved feedForwardInput,
            FeedForward.Saved feedForward) {}

    private final Backend backend;
    private final Normalization attentionNorm;
    private final Attention attention;
    private final Normalization feedForwardNorm;
    private final FeedForward feedForward;

    Block(Backend backend, ModelConfig config, RotaryTable rotary, int layer) {
        String prefix = "model.layers." + layer + ".";
        this.backend = backend;
        attentionNorm = new Normalization(backend, config.normEpsilon(), prefix + "input_layernorm.weight");
        attention = new Attention(backend, config, rotary, prefix + "self_attn.");
        feedForwardNorm = new Normalization(backend, config.normEpsilon(), prefix + "post_attention_layernorm.weight");
        feedForward = new FeedForward(backend, config, prefix + "mlp.");
    }

    /** Computes {@code out} from {@code x}, both {@code [tokens, hidden]}; what it saves lies in the workspace. */
    Saved forward(Parameters weights, Tensor x, PackedBatch batch, Tensor out, Workspace workspace) {
        Normalization.Saved attentionInput = attentionNorm.forward(weights, x, workspace);
        Tensor middle = workspace.tensor(x.rows(), x.columns());
        backend.copy(x, middle);
        Attention.Saved mixed = attention.forward(weights, attentionInput.out(), batch, middle, workspace);
        Normalization.Saved feedForwardInput = feedForwardNorm.forward(weights, middle, workspace);
        backend.copy(middle, out);
        FeedForward.Saved fed = feedForward.forward(weights, feedForwardInput.out(), out, workspace);
        return new Saved(attentionInput, mixed, feedForwardInput, fed);
    }

    /** Turns the gradient of the block's output into that of its input, in place; {@code saved} is used up. */
    void backward(
            Parameters weights,
            Saved saved,
            PackedBatch batch,
            Tensor gradient,
            Parameters gradients,
            Workspace workspace) {
        Workspace.Mark mark = workspace.mark();
        Tensor dFeedForward = feedForward.backward(
                weights, saved.feedForward, saved.feedForwardInput.out(), gradient, gradients, workspace);
        feedForwardNorm.backward(weights, saved.feedForwardInput, dFeedForward, gradient, gradients);
        workspace.release(mark);
        Tensor dAttention = attention.backward(
                weights, saved.attention, saved.attentionInput.out(), batch, gradient, gradients, workspace);
        attentionNorm.backward(weights, saved.attentionInput, dAttention, gradient, gradients);
        workspace.release(mark);
    }
}
