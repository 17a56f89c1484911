package ai.rpo.core.decoder;

import ai.rpo.core.model.Architecture;
import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.WeightNames;
import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.List;
import java.util.Optional;

/** Grouped-query self-attention over packed segments. */
final class Attention implements Branch.Part<Attention.Saved> {

    /**
     * @param projected queries, keys and values before their heads were normalized, and the numbers of that; null where
     *     heads are not normalized
     * @param fused queries, keys and values as attention saw them
     * @param mixed its result before the output projection
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
            Parameters weights, Tensor x, TokenRows batch, Tensor out, boolean accumulate, Workspace workspace) {
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
            backend.attention(fused, shape, packed.segments(), mixed, logSumExp);
        } else if (batch instanceof CachedBatch cached) {
            backend.cachedAttention(fused, shape, cached.segments(layer), mixed);
        }
        output.forward(weights, mixed, batch, out, accumulate, workspace);
        return new Saved(projected, inverseRms, fused, mixed, logSumExp);
    }

    @Override
    public void backward(
            Parameters weights,
            Saved saved,
            Tensor x,
            PackedBatch batch,
            Tensor dOut,
            Tensor dX,
            Parameters gradients,
            Workspace workspace) {
        Tensor dMixed = workspace.tensor(x.rows(), shape.queryColumns());
        output.backward(weights, saved.mixed, batch, dOut, dMixed, gradients, workspace);
        Tensor dFused = workspace.tensor(x.rows(), shape.fusedColumns());
        backend.attentionBackward(saved.fused, shape, batch.segments(), saved.mixed, saved.logSumExp, dMixed, dFused);
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
