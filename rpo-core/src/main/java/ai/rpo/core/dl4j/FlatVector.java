package ai.rpo.core.dl4j;

import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * All numbers of a storage, in as many tensors as they need: a tensor counts its elements in an int. DL4J itself counts
 * what an updater keeps in one too, so that with AdamW at most 2³⁰ parameters can be trained.
 */
record FlatVector(Backend backend, List<Tensor> parts) {

    private static final int LARGEST = 1 << 30;

    static FlatVector of(Storage storage, Backend backend) {
        return of(storage, backend, LARGEST);
    }

    /** @param largest elements of a part */
    static FlatVector of(Storage storage, Backend backend, int largest) {
        List<Tensor> parts = new ArrayList<>();
        for (long from = 0; from < storage.size(); from += largest) {
            parts.add(storage.tensor(from, 1, (int) Math.min(largest, storage.size() - from)));
        }
        return new FlatVector(backend, parts);
    }

    void zero() {
        parts.forEach(backend::zero);
    }

    /** √Σx², over all elements. */
    double norm() {
        return parts.stream().mapToDouble(backend::norm).reduce(0, Math::hypot);
    }

    void scale(double factor) {
        parts.forEach(part -> backend.scale(part, factor));
    }
}
