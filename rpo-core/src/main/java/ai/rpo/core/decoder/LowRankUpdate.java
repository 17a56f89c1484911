package ai.rpo.core.decoder;

import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.List;
import java.util.Optional;

/**
 * Computes what an adapter adds to projections of one input: {@code scale·(dropout(x)·Aᵀ)·Bᵀ} (arXiv 2106.09685).
 *
 * <p>Their A lie below each other in the parameters, so {@code x·Aᵀ} is one product. Their B stand on the diagonal of a
 * larger matrix, {@code [columns of all, rank of all]}, put together for each pass: it is small beside the activations,
 * and makes one product of the other half too. They share one draw of dropout.
 */
final class LowRankUpdate implements Projection.Update {

    private final Backend backend;
    private final Lora lora;
    private final List<String> projections;
    private final List<String> adapted;
    private final boolean inputMajor;
    private final long stream;

    private LowRankUpdate(
            Backend backend, Lora lora, List<String> projections, List<String> adapted, boolean inputMajor) {
        this.backend = backend;
        this.lora = lora;
        this.projections = projections;
        this.adapted = adapted;
        this.inputMajor = inputMajor;
        stream = adapted.get(0).hashCode();
    }

    /**
     * @param projections full names of neighbours in the model's layout
     * @return empty if the adapter leaves all of them alone
     */
    static Optional<LowRankUpdate> of(Backend backend, Lora lora, List<String> projections, boolean inputMajor) {
        List<String> adapted =
                projections.stream().filter(lora.modules()::contains).toList();
        return adapted.isEmpty()
                ? Optional.empty()
                : Optional.of(new LowRankUpdate(backend, lora, projections, adapted, inputMajor));
    }

    @Override
    public void forward(Parameters weights, Tensor x, TokenRows batch, Tensor out, Workspace workspace) {
        Workspace.Mark mark = workspace.mark();
        Tensor reduced = workspace.tensor(x.rows(), reducedColumns());
        backend.linear(dropped(x, batch, workspace), allA(weights), reduced, false);
        backend.linear(reduced, allB(weights, workspace), out, true);
        workspace.release(mark);
    }

    @Override
    public Tensor backward(
            Parameters weights, Tensor x, PackedBatch batch, Tensor dOut, Parameters gradients, Workspace workspace) {
        Tensor dReduced = workspace.tensor(x.rows(), reducedColumns());
        Workspace.Mark mark = workspace.mark();
        Tensor input = dropped(x, batch, workspace);
        Tensor reduced = workspace.tensor(x.rows(), reducedColumns());
        backend.linear(input, allA(weights), reduced, false);
        Tensor dB = workspace.zeros(dOut.columns(), reducedColumns());
        backend.linearBackwardWeight(dOut, reduced, dB);
        onDiagonal(weights, (b, row, column) -> {
            Tensor rows = dB.rows(row, row + b.rows());
            backend.scale(rows, lora.scale(b.module()));
            backend.addColumns(rows, column, gradients.get(b.name()), 0, lora.rank(b.module()));
        });
        backend.linearBackwardInput(dOut, allB(weights, workspace), dReduced, false);
        backend.linearBackwardWeight(dReduced, input, allA(gradients));
        workspace.release(mark);
        return dReduced;
    }

    @Override
    public void backwardInput(Parameters weights, Tensor dReduced, PackedBatch batch, Tensor dX, Workspace workspace) {
        if (!drops(batch)) {
            backend.linearBackwardInput(dReduced, allA(weights), dX, true);
            return;
        }
        Workspace.Mark mark = workspace.mark();
        Tensor dDropped = workspace.tensor(dX.rows(), dX.columns());
        backend.linearBackwardInput(dReduced, allA(weights), dDropped, false);
        droppedBackward(dDropped, batch);
        backend.add(dDropped, dX);
        workspace.release(mark);
    }

    /** Adds {@code scale·B·A} of all projections to their weights, as those are stored. */
    void addTo(Tensor weight, Parameters weights, Workspace workspace) {
        Workspace.Mark mark = workspace.mark();
        if (inputMajor) {
            backend.linearBackwardWeight(allA(weights), transposed(allB(weights, workspace), workspace), weight);
        } else {
            backend.linearBackwardInput(allB(weights, workspace), allA(weights), weight, true);
        }
        workspace.release(mark);
    }

    /** A matrix of few columns, by a product with the identity. */
    private Tensor transposed(Tensor matrix, Workspace workspace) {
        int columns = matrix.columns();
        double[] ones = new double[columns * columns];
        for (int i = 0; i < columns; i++) {
            ones[i * columns + i] = 1;
        }
        Tensor identity = workspace.tensor(columns, columns);
        backend.set(ones, identity);
        Tensor transposed = workspace.tensor(columns, matrix.rows());
        backend.linear(identity, matrix, transposed, false);
        return transposed;
    }

    boolean drops(PackedBatch batch) {
        return lora.dropout() > 0 && batch.isNoisy();
    }

    /** Gives what the update reads: x itself, or a copy in the workspace where some of it is dropped. */
    Tensor dropped(Tensor x, TokenRows batch, Workspace workspace) {
        if (!(batch instanceof PackedBatch packed) || !drops(packed)) {
            return x;
        }
        Tensor dropped = workspace.tensor(x.rows(), x.columns());
        backend.dropout(x, lora.dropout(), packed.noise(stream), dropped);
        return dropped;
    }

    /** Turns a gradient of {@link #dropped} into that of x, in place. */
    void droppedBackward(Tensor gradient, PackedBatch batch) {
        if (drops(batch)) {
            backend.dropout(gradient, lora.dropout(), batch.noise(stream), gradient);
        }
    }

    private int reducedColumns() {
        return adapted.stream().mapToInt(lora::rank).sum();
    }

    /** {@code [rank of all, in]}. */
    private Tensor allA(Parameters parameters) {
        return parameters.stacked(
                Lora.a(adapted.get(0)) + ".weight", Lora.a(adapted.get(adapted.size() - 1)) + ".weight");
    }

    /** {@code scale·B} of each projection on the diagonal, in the workspace. */
    private Tensor allB(Parameters weights, Workspace workspace) {
        int rows = projections.stream().mapToInt(p -> width(weights, p)).sum();
        Tensor all = workspace.zeros(rows, reducedColumns());
        onDiagonal(weights, (b, row, column) -> {
            Tensor own = all.rows(row, row + b.rows());
            backend.addColumns(weights.get(b.name()), 0, own, column, lora.rank(b.module()));
            backend.scale(own, lora.scale(b.module()));
        });
        return all;
    }

    private record B(String module, int rows) {

        private String name() {
            return Lora.b(module) + ".weight";
        }
    }

    private interface Block {
        void at(B b, int row, int column);
    }

    private void onDiagonal(Parameters weights, Block block) {
        int row = 0;
        int column = 0;
        for (String projection : projections) {
            int rows = width(weights, projection);
            if (lora.modules().contains(projection)) {
                block.at(new B(projection, rows), row, column);
                column += lora.rank(projection);
            }
            row += rows;
        }
    }

    private int width(Parameters weights, String projection) {
        ParameterLayout.Entry weight = weights.entry(projection + ".weight");
        return inputMajor ? weight.columns() : weight.rows();
    }
}
