package ai.rpo.core.decoder;

import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.WeightNames;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;

/** The head of a reward model: the final norm and one weight {@code [1, hidden]}, on the last row of each completion. */
final class ScalarHead implements Head<ScalarHead.Saved> {

    /** @param normalized rows {@code [targets, hidden]} */
    record Saved(Normalization.Saved norm, Tensor normalized) {}

    private final Backend backend;
    private final Normalization norm;
    private final String weight;

    ScalarHead(Backend backend, ModelConfig config) {
        this.backend = backend;
        WeightNames names = config.architecture().names();
        norm = Normalization.of(backend, config, names.finalNorm());
        weight = names.headWeight(false);
    }

    @Override
    public Saved forward(
            Parameters weights, Tensor x, PackedBatch batch, boolean frozen, double[] numbers, Workspace workspace) {
        Tensor rows = workspace.tensor(batch.targetCount(), x.columns());
        backend.gatherRows(x, batch.targetRows(), rows);
        Tensor normalized = workspace.tensor(rows.rows(), rows.columns());
        Saved saved = new Saved(norm.forward(weights, rows, normalized, workspace), normalized);
        Tensor scores = workspace.tensor(rows.rows(), 1);
        backend.linear(normalized, weights.get(weight), scores, false);
        System.arraycopy(scores.toArray(), 0, numbers, 0, numbers.length);
        return saved;
    }

    @Override
    public void backward(
            Parameters weights,
            Saved saved,
            PackedBatch batch,
            double[] coefficients,
            Tensor intoX,
            Parameters gradients,
            Workspace workspace) {
        Workspace.Mark mark = workspace.mark();
        int targets = batch.targetCount();
        Tensor dNormalized = workspace.tensor(targets, intoX.columns());
        backend.gatherRows(weights.get(weight), new int[targets], dNormalized);
        scaleRows(dNormalized, coefficients);
        Tensor dRows = workspace.zeros(targets, intoX.columns());
        norm.backward(saved.norm, dNormalized, dRows, gradients, workspace);
        backend.scatterAddRows(dRows, batch.targetRows(), intoX);
        if (gradients.hold(weight)) {
            Tensor scaled = dNormalized;
            backend.copy(saved.normalized, scaled);
            scaleRows(scaled, coefficients);
            backend.addRowBackward(scaled, gradients.get(weight));
        }
        workspace.release(mark);
    }

    private void scaleRows(Tensor rows, double[] factors) {
        for (int i = 0; i < factors.length; i++) {
            backend.scale(rows.rows(i, i + 1), factors[i]);
        }
    }
}
