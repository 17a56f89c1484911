package ai.rpo.core.decoder;

import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.Weights;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A model's weights, or the gradients of those that are trained: windows of one flat storage by Hugging Face name. Those
 * of an adapter may lie over a model's, which then are found too.
 */
public final class Parameters {

    private static final int CHUNK = 1 << 20;

    private final ParameterLayout layout;
    private final Storage storage;
    private final Optional<Parameters> base;
    private final Map<String, Tensor> tensors = new ConcurrentHashMap<>();

    /**
     * @throws IllegalArgumentException if the storage is not as long as the layout
     */
    public Parameters(ParameterLayout layout, Storage storage) {
        this(layout, storage, Optional.empty());
    }

    private Parameters(ParameterLayout layout, Storage storage, Optional<Parameters> base) {
        if (storage.size() != layout.size()) {
            throw new IllegalArgumentException(
                    "The layout has " + layout.size() + " parameters, the storage " + storage.size() + ".");
        }
        this.layout = layout;
        this.storage = storage;
        this.base = base;
    }

    /** These of an adapter, and the model's that it adapts. */
    public Parameters over(Parameters model) {
        return new Parameters(layout, storage, Optional.of(model));
    }

    public ParameterLayout layout() {
        return layout;
    }

    public Storage storage() {
        return storage;
    }

    /** The weight of that name; a vector is {@code [1, n]}. */
    public Tensor get(String name) {
        if (isOfBase(name)) {
            return base.orElseThrow().get(name);
        }
        return tensors.computeIfAbsent(name, n -> {
            ParameterLayout.Entry entry = layout.get(n);
            return storage.tensor(entry.offset(), entry.rows(), entry.columns());
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
        float[] chunk = new float[CHUNK];
        for (ParameterLayout.Entry entry : layout.entries()) {
            for (long done = 0; done < entry.size(); done += CHUNK) {
                int length = (int) Math.min(CHUNK, entry.size() - done);
                weights.read(entry, done, FloatBuffer.wrap(chunk, 0, length));
                storage.write(entry.offset() + done, chunk, 0, length);
            }
        }
    }

    /** These numbers, for export. */
    public Weights asWeights() {
        return (entry, offset, target) -> {
            float[] values = new float[target.remaining()];
            storage.read(entry.offset() + offset, values, 0, values.length);
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
                    ? storage.tensor(from.offset(), 1, Math.toIntExact(size))
                    : storage.tensor(from.offset(), Math.toIntExact(size / from.columns()), from.columns());
        });
    }
}
