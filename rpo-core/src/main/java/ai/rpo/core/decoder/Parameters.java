package ai.rpo.core.decoder;

import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.Weights;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A model's weights, or the gradients of those that are trained: windows of one flat storage by Hugging Face name. Those
 * of an adapter may lie over a model's, which then are found too.
 */
public final class Parameters {

    private final ParameterLayout layout;
    private final Placement placement;
    private final Optional<Parameters> base;
    private final Map<String, Tensor> tensors = new ConcurrentHashMap<>();

    /**
     * @throws IllegalArgumentException if the storage is not as long as the layout
     */
    public Parameters(ParameterLayout layout, Storage storage) {
        this(layout, new OneStorage(storage), Optional.empty());
        if (storage.size() != layout.size()) {
            throw new IllegalArgumentException(
                    "The layout has " + layout.size() + " parameters, the storage " + storage.size() + ".");
        }
    }

    private Parameters(ParameterLayout layout, Placement placement, Optional<Parameters> base) {
        this.layout = layout;
        this.placement = placement;
        this.base = base;
    }

    /**
     * A model's weights that are only read, in as little memory as the backend's products allow; see {@link
     * ReadOnlyPlacement}.
     */
    public static Parameters readOnly(ModelConfig config, Weights weights, Backend backend) {
        ParameterLayout layout = ParameterLayout.of(config);
        Placement placement = backend.products() == Precision.BFLOAT16
                ? ReadOnlyPlacement.of(config, layout, weights, backend)
                : new OneStorage(backend.allocate(layout.size()));
        Parameters parameters = new Parameters(layout, placement, Optional.empty());
        parameters.load(weights);
        return parameters;
    }

    /** Where weights lie. Those that are neighbours in the layout, and both vectors or both matrices, are neighbours there. */
    interface Placement {

        Storage storage(ParameterLayout.Entry entry);

        /** Of the first element, in the storage. */
        long offset(ParameterLayout.Entry entry);
    }

    /** All in one, as the layout says. */
    private record OneStorage(Storage storage) implements Placement {

        @Override
        public Storage storage(ParameterLayout.Entry entry) {
            return storage;
        }

        @Override
        public long offset(ParameterLayout.Entry entry) {
            return entry.offset();
        }
    }

    /** These of an adapter, and the model's that it adapts. */
    public Parameters over(Parameters model) {
        return new Parameters(layout, placement, Optional.of(model));
    }

    public ParameterLayout layout() {
        return layout;
    }

    /** @throws IllegalStateException if the weights do not lie in one */
    public Storage storage() {
        if (placement instanceof OneStorage one) {
            return one.storage();
        }
        throw new IllegalStateException("Weights that are only read may lie in several storages.");
    }

    /** The weight of that name; a vector is {@code [1, n]}. */
    public Tensor get(String name) {
        if (isOfBase(name)) {
            return base.orElseThrow().get(name);
        }
        return tensors.computeIfAbsent(name, n -> {
            ParameterLayout.Entry entry = layout.get(n);
            return tensor(entry, entry.rows(), entry.columns());
        });
    }

    /** Whether a weight is among these, rather than frozen. */
    boolean hold(String name) {
        return layout.contains(name);
    }

    /** The gradient of a vector to add to, or scratch memory in its place where the vector is frozen. */
    Tensor into(String name, int columns, Workspace workspace) {
        return hold(name) ? get(name) : workspace.tensor(1, columns);
    }

    private boolean isOfBase(String name) {
        return base.isPresent() && !hold(name);
    }

    /** Reads every weight into the storage. */
    public void load(Weights weights) {
        weights.readAll(
                layout,
                (entry, offset, numbers, length) -> entry.runs(offset, length, (at, from, count) -> placement
                        .storage(entry)
                        .write(placement.offset(entry) + at, numbers, from, count)));
    }

    private Tensor tensor(ParameterLayout.Entry first, int rows, int columns) {
        return placement.storage(first).tensor(placement.offset(first), rows, columns);
    }

    /** These numbers in the order of the model's file, for export. */
    public Weights asWeights() {
        return (entry, offset, target) -> {
            float[] values = new float[target.remaining()];
            entry.runs(offset, values.length, (at, from, count) -> placement
                    .storage(entry)
                    .read(placement.offset(entry) + at, values, from, count));
            target.put(values);
        };
    }

    /** Neighbouring matrices of equal width as one, {@code [rows of all, columns]}, or vectors as a longer one. */
    Tensor stacked(String first, String last) {
        if (isOfBase(first)) {
            return base.orElseThrow().stacked(first, last);
        }
        return tensors.computeIfAbsent(first + ".." + last, n -> {
            ParameterLayout.Entry from = layout.get(first);
            ParameterLayout.Entry to = layout.get(last);
            long size = to.offset() + to.size() - from.offset();
            return from.vector()
                    ? tensor(from, 1, Math.toIntExact(size))
                    : tensor(from, Math.toIntExact(size / from.columns()), from.columns());
        });
    }
}
