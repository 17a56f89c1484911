package ai.rpo.core.decoder;

import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;

/** Grouped-query self-attention with rotary positions over packed segments. */
final class Attention {

    /** Queries, keys and values after rotation; attention's result before the output projection; its softmax sums. */
    record Saved(Tensor fused, Tensor mixed, Tensor logSumExp) {}

    private final Backend backend;
    private final AttentionShape shape;
    private final RotaryTable rotary;
    private final String query;
    private final String value;
    private final String output;

    Attention(Backend backend, ModelConfig config, RotaryTable rotary, String prefix) {
        this.backend = backend;
        this.rotary = rotary;
        shape = new AttentionShape(
                config.heads(), config.keyValueHeads(), config.headDim(), 1 / Math.sqrt(config.headDim()));
        query = prefix + "q_proj.weight";
        value = prefix + "v_proj.weight";
        output = prefix + "o_proj.weight";
    }

    /** Adds the attention of {@code x [tokens, hidden]} to the residual stream. */
    Saved forward(Parameters weights, Tensor x, PackedBatch batch, Tensor intoResidual, Workspace workspace) {
        Saved saved = new Saved(
                workspace.tensor(x.rows(), shape.fusedColumns()),
                workspace.tensor(x.rows(), shape.queryColumns()),
                workspace.tensor(x.rows(), shape.heads()));
        backend.linear(x, fusedWeight(weights), saved.fused, false);
        rotate(saved.fused, batch, false);
        backend.attention(saved.fused, shape, batch.segments(), saved.mixed, saved.logSumExp);
        backend.linear(saved.mixed, weights.get(output), intoResidual, true);
        return saved;
    }

    /** The gradient with respect to {@code x}, given that of the residual stream. */
    Tensor backward(
            Parameters weights,
            Saved saved,
            Tensor x,
            PackedBatch batch,
            Tensor dResidual,
            Parameters gradients,
            Workspace workspace) {
        backend.linearBackwardWeight(dResidual, saved.mixed, gradients.get(output));
        Tensor dMixed = workspace.tensor(x.rows(), shape.queryColumns());
        backend.linearBackwardInput(dResidual, weights.get(output), dMixed, false);
        Tensor dFused = workspace.tensor(x.rows(), shape.fusedColumns());
        backend.attentionBackward(saved.fused, shape, batch.segments(), saved.mixed, saved.logSumExp, dMixed, dFused);
        rotate(dFused, batch, true);
        backend.linearBackwardWeight(dFused, x, fusedWeight(gradients));
        Tensor dX = workspace.tensor(x.rows(), x.columns());
        backend.linearBackwardInput(dFused, fusedWeight(weights), dX, false);
        return dX;
    }

    private void rotate(Tensor fused, PackedBatch batch, boolean inverse) {
        RotaryTable.Angles angles = rotary.upTo(batch.longestSequence());
        backend.rotary(fused, shape, batch.positions(), angles.cos(), angles.sin(), inverse);
    }

    private Tensor fusedWeight(Parameters parameters) {
        return parameters.stacked(query, value);
    }
}
