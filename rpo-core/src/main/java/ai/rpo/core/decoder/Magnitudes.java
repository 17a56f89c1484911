package ai.rpo.core.decoder;

import ai.rpo.core.model.Lora;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The magnitudes of DoRA (arXiv 2402.09353): a row of {@code W + scale·B·A} is as long as its magnitude says, so a column of
 * the product is multiplied with magnitude over norm. As in the paper the norm counts as a constant in gradients.
 */
final class Magnitudes {

    /**
     * @param factors of the product's columns, {@code [1, columns of all projections]}; 1 where none is adapted
     * @param inverse one over the norm of each row
     */
    record Gains(Tensor factors, Tensor inverse) {}

    private final Backend backend;
    private final Lora lora;
    private final List<String> projections;
    private final List<String> weights;
    private final LowRankUpdate update;

    private Magnitudes(Backend backend, Lora lora, List<String> projections, LowRankUpdate update) {
        this.backend = backend;
        this.lora = lora;
        this.projections = projections;
        this.update = update;
        weights = projections.stream().map(name -> name + ".weight").toList();
    }

    /** @return empty if the adapter has none */
    static Optional<Magnitudes> of(
            Backend backend, Optional<Lora> lora, List<String> projections, Optional<LowRankUpdate> update) {
        return lora.filter(Lora::dora)
                .flatMap(adapter -> update.map(low -> new Magnitudes(backend, adapter, projections, low)));
    }

    Gains gains(Parameters parameters, Workspace workspace) {
        int columns =
                weights.stream().mapToInt(name -> parameters.entry(name).rows()).sum();
        Tensor factors = workspace.tensor(1, columns);
        Tensor inverse = workspace.tensor(1, columns);
        Workspace.Mark mark = workspace.mark();
        Tensor stored = parameters.matrix(weights, backend, workspace);
        Tensor sum = workspace.tensor(stored.rows(), stored.columns());
        int[] all = new int[stored.rows()];
        Arrays.setAll(all, i -> i);
        backend.gatherRows(stored, all, sum);
        update.addTo(sum, parameters, workspace);
        backend.inverseRowNorms(sum, inverse);
        double[] onesElsewhere = new double[columns];
        eachProjection(
                parameters,
                (module, from, to) ->
                        Arrays.fill(onesElsewhere, from, to, lora.modules().contains(module) ? 0 : 1));
        backend.set(onesElsewhere, factors);
        eachAdapted(parameters, (module, from, to) -> {
            Tensor part = workspace.zeros(1, to - from);
            backend.addColumns(inverse, from, part, 0, to - from);
            backend.scaleColumns(part, parameters.get(Lora.magnitude(module)), part);
            backend.addColumns(part, 0, factors, from, to - from);
        });
        workspace.release(mark);
        return new Gains(factors, inverse);
    }

    /**
     * Adds to the gradients of the magnitudes.
     *
     * @param product before its columns were multiplied
     */
    void backward(
            Parameters parameters,
            Gains gains,
            Tensor product,
            Tensor dOut,
            Parameters gradients,
            Workspace workspace) {
        Workspace.Mark mark = workspace.mark();
        Tensor dots = workspace.zeros(1, product.columns());
        backend.columnDots(dOut, product, dots);
        backend.scaleColumns(dots, gains.inverse, dots);
        eachAdapted(
                parameters,
                (module, from, to) ->
                        backend.addColumns(dots, from, gradients.get(Lora.magnitude(module)), 0, to - from));
        workspace.release(mark);
    }

    private interface Columns {
        void of(String module, int from, int to);
    }

    private void eachAdapted(Parameters parameters, Columns body) {
        eachProjection(parameters, (module, from, to) -> {
            if (lora.modules().contains(module)) {
                body.of(module, from, to);
            }
        });
    }

    private void eachProjection(Parameters parameters, Columns body) {
        int from = 0;
        for (String module : projections) {
            int to = from + parameters.entry(module + ".weight").rows();
            body.of(module, from, to);
            from = to;
        }
    }
}
