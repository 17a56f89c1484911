package ai.rpo.core.train;

import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Takes all numbers of a storage as one vector, in as many tensors as they need: a tensor counts its elements in an int. */
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
