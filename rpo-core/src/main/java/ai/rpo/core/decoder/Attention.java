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
     * @param norm of queries and keys; null where they are not normalized
     * @param fused queries, keys and values as attention saw them
     * @param mixed its result before the output projection; only rows that are kept have one
     * @param logSumExp of each softmax
     */
    record Saved(QueryKeyNorm.Saved norm, Tensor fused, Tensor mixed, Tensor logSumExp) {}

    private final Backend backend;
    private final AttentionShape shape;
    private final RotaryTable rotary;
    private final int layer;
    private final Projection input;
    private final Projection output;
    private final Optional<QueryKeyNorm> norm;
    private final Optional<Architecture.QueryScaling> queryScaling;
    private final Optional<String> sinks;

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
        input = Projection.of(
                backend,
                names.queryKeyValue().stream().map(block::concat).toList(),
                architecture.biases().attentionInput(),
                inputMajor,
                lora);
        output = Projection.of(
                backend, List.of(block + names.output()), architecture.biases().attentionOutput(), inputMajor, lora);
        norm = QueryKeyNorm.of(backend, config, shape, layer);
        queryScaling = architecture.attention().queryScaling();
        sinks = names.sinks().map(block::concat);
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
        QueryKeyNorm.Saved normalized = null;
        if (norm.isPresent()) {
            normalized = norm.get().forward(weights, fused, workspace);
            fused = normalized.out();
        }
        rotate(fused, batch, false);
        scaleQueries(fused, batch, workspace);
        Tensor mixed = rows(x.rows(), shape.queryColumns(), workspace);
        Tensor logSumExp = rows(x.rows(), shape.heads(), workspace);
        if (batch instanceof PackedBatch packed) {
            backend.attention(fused, shape, segments(packed, kept), mixed, logSumExp);
        } else if (batch instanceof CachedBatch cached) {
            backend.cachedAttention(fused, shape, cached.segments(layer), mixed, logSumExp);
        }
        sinks.ifPresent(name -> backend.attentionSinks(weights.get(name), shape, mixed, logSumExp));
        output.forward(weights, only(kept, batch, mixed, workspace), kept, out, accumulate, workspace);
        return new Saved(normalized, fused, mixed, logSumExp);
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
        sinks.filter(gradients::hold)
                .ifPresent(name -> backend.attentionSinksBackward(
                        weights.get(name), shape, saved.mixed, saved.logSumExp, dMixed, gradients.get(name)));
        Tensor dFused = workspace.tensor(x.rows(), shape.fusedColumns());
        backend.attentionBackward(
                saved.fused, shape, segments(batch, kept), saved.mixed, saved.logSumExp, dMixed, dFused);
        scaleQueries(dFused, batch, workspace);
        rotate(dFused, batch, true);
        norm.ifPresent(norms -> norms.backward(saved.norm, dFused, gradients, workspace));
        input.backward(weights, x, batch, dFused, dX, gradients, workspace);
    }

    /**
     * Allocates rows: what attention leaves of rows that look at nothing must be a number where sinks go through all
     * rows.
     */
    private Tensor rows(int rows, int columns, Workspace workspace) {
        return sinks.isPresent() ? workspace.zeros(rows, columns) : workspace.tensor(rows, columns);
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

    private void rotate(Tensor fused, TokenRows batch, boolean inverse) {
        if (rotary.turnsAnything()) {
            RotaryTable.Angles angles = rotary.of(batch);
            backend.rotary(fused, shape, angles.rows(), angles.cos(), angles.sin(), inverse);
        }
    }

    /** Scales queries in place where they grow with their position: linear, so that it is its own gradient. */
    private void scaleQueries(Tensor fused, TokenRows batch, Workspace workspace) {
        if (queryScaling.isEmpty()) {
            return;
        }
        int[] positions = batch.positions();
        for (int from = 0, to; from < positions.length; from = to) {
            double factor = queryScaling.get().at(positions[from]);
            to = from + 1;
            while (to < positions.length && queryScaling.get().at(positions[to]) == factor) {
                to++;
            }
            if (factor != 1) {
                addQueries(fused.rows(from, to), factor - 1, workspace);
            }
        }
    }

    private void addQueries(Tensor fused, double share, Workspace workspace) {
        Workspace.Mark mark = workspace.mark();
        Tensor added = workspace.tensor(fused.rows(), fused.columns());
        backend.copy(fused, added);
        backend.scale(added, share);
        backend.addColumns(added, 0, fused, 0, shape.queryColumns());
        workspace.release(mark);
    }
}
