package ai.rpo.core.decoder;

import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The magnitudes of DoRA (arXiv 2402.09353): a row of {@code W + scale·B·A} is as long as its magnitude says, so a column of
 * the product is multiplied with magnitude over norm. As in the paper the norm counts as a constant in gradients. Of
 * weights that are stored input first it is a column that has a magnitude.
 */
final class Magnitudes {

    /**
     * @param factors of the product's columns, {@code [1, columns of all projections]}; 1 where none is adapted
     * @param inverse one over the norm of each row, or of each column of weights stored input first
     */
    record Gains(Tensor factors, Tensor inverse) {}

    private final Backend backend;
    private final Lora lora;
    private final List<String> projections;
    private final List<String> weights;
    private final LowRankUpdate update;
    private final boolean inputMajor;

    private Magnitudes(Backend backend, Lora lora, List<String> projections, LowRankUpdate update, boolean inputMajor) {
        this.backend = backend;
        this.lora = lora;
        this.projections = projections;
        this.update = update;
        this.inputMajor = inputMajor;
        weights = projections.stream().map(name -> name + ".weight").toList();
    }

    /** @return empty if the adapter has none */
    static Optional<Magnitudes> of(
            Backend backend,
            Optional<Lora> lora,
            List<String> projections,
            Optional<LowRankUpdate> update,
            boolean inputMajor) {
        return lora.filter(Lora::dora)
                .flatMap(adapter -> update.map(low -> new Magnitudes(backend, adapter, projections, low, inputMajor)));
    }

    /**
     * Gives what the magnitudes' product is made of: {@code x} itself, or in training with dropout a copy of it in the
     * workspace, less what is dropped. What was dropped goes through the model's own weights alone, as in PEFT.
     */
    Tensor read(Tensor x, TokenRows batch, Workspace workspace) {
        return update.dropped(x, batch, workspace);
    }

    /** Tells whether {@link #read} drops some of x. */
    boolean drops(PackedBatch batch) {
        return update.drops(batch);
    }

    /** Turns a gradient of {@link #read} into that of x, in place. */
    void readBackward(Tensor gradient, PackedBatch batch) {
        update.droppedBackward(gradient, batch);
    }

    Gains gains(Parameters parameters, Workspace workspace) {
        int columns =
                projections.stream().mapToInt(name -> width(parameters, name)).sum();
        Tensor factors = workspace.tensor(1, columns);
        Tensor inverse = workspace.tensor(1, columns);
        Workspace.Mark mark = workspace.mark();
        Tensor stored = parameters.matrix(weights, backend, workspace);
        Tensor sum = workspace.tensor(stored.rows(), stored.columns());
        int[] all = new int[stored.rows()];
        Arrays.setAll(all, i -> i);
        backend.gatherRows(stored, all, sum);
        update.addTo(sum, parameters, workspace);
        if (inputMajor) {
            setInverseColumnNorms(sum, inverse, workspace);
        } else {
            backend.inverseRowNorms(sum, inverse);
        }
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

    private void setInverseColumnNorms(Tensor x, Tensor out, Workspace workspace) {
        Tensor squares = workspace.zeros(1, x.columns());
        backend.columnDots(x, x, squares);
        backend.set(
                Arrays.stream(squares.toArray())
                        .map(square -> 1 / Math.sqrt(square))
                        .toArray(),
                out);
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
            int to = from + width(parameters, module);
            body.of(module, from, to);
            from = to;
        }
    }

    private int width(Parameters parameters, String module) {
        ParameterLayout.Entry weight = parameters.entry(module + ".weight");
        return inputMajor ? weight.columns() : weight.rows();
    }
}
