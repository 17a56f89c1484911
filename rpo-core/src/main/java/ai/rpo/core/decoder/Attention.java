package ai.rpo.core.decoder;

import ai.rpo.core.model.Architecture;
import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.WeightNames;
import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Segment;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.List;
import java.util.Optional;

/**
 * Grouped-query self-attention over packed segments. Where few rows are kept, the others still get queries, since those
 * lie with keys and values in one product, but look at nothing.
 */
final class Attention implements Branch.Part<Attention.Saved> {

    /**
     * @param projected queries, keys and values before their heads were normalized, and the numbers of that; null where
     *     heads are not normalized
     * @param fused queries, keys and values as attention saw them
     * @param mixed its result before the output projection; only rows that are kept have one
     * @param logSumExp of each softmax; null where the pass was through a cache, which has no backward
     */
    record Saved(Tensor projected, Tensor inverseRms, Tensor fused, Tensor mixed, Tensor logSumExp) {}

    private final Backend backend;
    private final AttentionShape shape;
    private final RotaryTable rotary;
    private final int layer;
    private final Projection input;
    private final Projection output;
    private final List<String> headNorms;
    private final double epsilon;

    Attention(Backend backend, ModelConfig config, Optional<Lora> lora, RotaryTable rotary, int layer) {
        Architecture architecture = config.architecture();
        WeightNames.Attention names = architecture.names().attention();
        String block = architecture.names().block(layer);
        boolean inputMajor = architecture.names().inputMajor();
        this.backend = backend;
        this.rotary = rotary;
        this.layer = layer;
        shape = new AttentionShape(
                config.heads(),
                config.keyValueHeads(),
                config.headDim(),
                architecture.attention().scale(),
                architecture.attention().scoreCap(),
                architecture.attention().window(layer));
        input = new Projection(
                backend,
                names.queryKeyValue().stream().map(block::concat).toList(),
                architecture.biases().attentionInput(),
                inputMajor,
                lora);
        output = new Projection(
                backend, List.of(block + names.output()), architecture.biases().attentionOutput(), inputMajor, lora);
        headNorms =
                names.headNorms().stream().map(name -> block + name + ".weight").toList();
        epsilon = config.normEpsilon();
    }

    @Override
    public Saved forward(
            Parameters weights,
            Tensor x,
            TokenRows batch,
            TokenRows kept,
            Tensor out,
            boolean accumulate,
            Workspace workspace) {
        Tensor fused = workspace.tensor(x.rows(), shape.fusedColumns());
        input.forward(weights, x, batch, fused, false, workspace);
        Tensor projected = null;
        Tensor inverseRms = null;
        if (!headNorms.isEmpty()) {
            projected = fused;
            fused = workspace.tensor(x.rows(), shape.fusedColumns());
            inverseRms = workspace.tensor(x.rows(), shape.heads() + shape.keyValueHeads());
            backend.headNorm(projected, shape, queryNorm(weights), keyNorm(weights), epsilon, fused, inverseRms);
        }
        rotate(fused, batch, false);
        Tensor mixed = workspace.tensor(x.rows(), shape.queryColumns());
        Tensor logSumExp = null;
        if (batch instanceof PackedBatch packed) {
            logSumExp = workspace.tensor(x.rows(), shape.heads());
            backend.attention(fused, shape, segments(packed, kept), mixed, logSumExp);
        } else if (batch instanceof CachedBatch cached) {
            backend.cachedAttention(fused, shape, cached.segments(layer), mixed);
        }
        output.forward(weights, only(kept, batch, mixed, workspace), kept, out, accumulate, workspace);
        return new Saved(projected, inverseRms, fused, mixed, logSumExp);
    }

    @Override
    public void backward(
            Parameters weights,
            Saved saved,
            Tensor x,
            PackedBatch batch,
            PackedBatch kept,
            Tensor dOut,
            Tensor dX,
            Parameters gradients,
            Workspace workspace) {
        Tensor dMixed = dMixed(weights, saved.mixed, batch, kept, dOut, gradients, workspace);
        Tensor dFused = workspace.tensor(x.rows(), shape.fusedColumns());
        backend.attentionBackward(
                saved.fused, shape, segments(batch, kept), saved.mixed, saved.logSumExp, dMixed, dFused);
        rotate(dFused, batch, true);
        if (!headNorms.isEmpty()) {
            backend.headNormBackward(
                    saved.projected,
                    shape,
                    queryNorm(weights),
                    keyNorm(weights),
                    saved.inverseRms,
                    dFused,
                    gradients.into(headNorms.get(0), shape.headDim(), workspace),
                    gradients.into(headNorms.get(1), shape.headDim(), workspace));
        }
        input.backward(weights, x, batch, dFused, dX, gradients, workspace);
    }

    /** The gradient of what attention mixed, {@code [tokens, queryColumns]}. */
    private Tensor dMixed(
            Parameters weights,
            Tensor mixed,
            PackedBatch batch,
            PackedBatch kept,
            Tensor dOut,
            Parameters gradients,
            Workspace workspace) {
        Tensor dKept = workspace.tensor(dOut.rows(), mixed.columns());
        output.backward(weights, only(kept, batch, mixed, workspace), kept, dOut, dKept, gradients, workspace);
        if (kept == batch) {
            return dKept;
        }
        Tensor dMixed = workspace.zeros(mixed.rows(), mixed.columns());
        backend.scatterAddRows(dKept, batch.predictingRows(), dMixed);
        return dMixed;
    }

    private static List<Segment> segments(PackedBatch batch, TokenRows kept) {
        return kept == batch ? batch.segments() : batch.predictingSegments();
    }

    private Tensor only(TokenRows kept, TokenRows batch, Tensor rows, Workspace workspace) {
        if (kept == batch) {
            return rows;
        }
        Tensor only = workspace.tensor(kept.rows(), rows.columns());
        backend.gatherRows(rows, ((PackedBatch) batch).predictingRows(), only);
        return only;
    }

    private Tensor queryNorm(Parameters parameters) {
        return parameters.get(headNorms.get(0));
    }

    private Tensor keyNorm(Parameters parameters) {
        return parameters.get(headNorms.get(1));
    }

    private void rotate(Tensor fused, TokenRows batch, boolean inverse) {
        if (rotary.turnsAnything()) {
            RotaryTable.Angles angles = rotary.of(batch);
            backend.rotary(fused, shape, angles.rows(), angles.cos(), angles.sin(), inverse);
        }
    }
}
