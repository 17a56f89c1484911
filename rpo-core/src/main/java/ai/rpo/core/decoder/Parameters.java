package ai.rpo.core.decoder;

import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A model's weights, or their gradients: windows of one flat storage by Hugging Face name. */
public final class Parameters {

    private final ParameterLayout layout;
    private final Storage storage;
    private final Map<String, Tensor> tensors = new ConcurrentHashMap<>();

    /**
     * @throws IllegalArgumentException if the storage is not as long as the layout
     */
    public Parameters(ParameterLayout layout, Storage storage) {
        if (storage.size() != layout.size()) {
            throw new IllegalArgumentException(
                    "The layout has " + layout.size() + " parameters, the storage " + storage.size() + ".");
        }
        this.layout = layout;
        this.storage = storage;
    }

    public ParameterLayout layout() {
        return layout;
    }

    public Storage storage() {
        return storage;
    }

    /** The weight of that name; a vector is {@code [1, n]}. */
    public Tensor get(String name) {
        return tensors.computeIfAbsent(name, n -> {
            ParameterLayout.Entry entry = layout.get(n);
            return storage.tensor(entry.offset(), entry.rows(), entry.columns());
        });
    }

    /** Neighbouring matrices of equal width as one, {@code [rows of all, columns]}. */
    Tensor stacked(String first, String last) {
        return tensors.computeIfAbsent(first + ".." + last, n -> {
            ParameterLayout.Entry from = layout.get(first);
            ParameterLayout.Entry to = layout.get(last);
            long rows = (to.offset() + to.size() - from.offset()) / from.columns();
            return storage.tensor(from.offset(), Math.toIntExact(rows), from.columns());
        });
    }
}
