package ai.rpo.core.decoder;

import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;

/** Keys and values of the tokens of one sequence, layer by layer. Serves one sequence at a time. */
public final class KeyValueCache {

    private final Storage storage;
    private final int layers;
    private final int capacity;
    private final int columns;
    private int length;

    KeyValueCache(Backend backend, ModelConfig config, int capacity) {
        layers = config.layers();
        this.capacity = capacity;
        columns = 2 * config.keyValueHeads() * config.headDim();
        storage = backend.allocate((long) layers * capacity * columns);
    }

    /** The most tokens that a sequence may have. */
    public int capacity() {
        return capacity;
    }

    /** Forgets the sequence, to serve another. */
    public void clear() {
        length = 0;
    }

    /** Gives the memory back; the cache is of no more use. */
    public void free() {
        storage.free();
    }

    /** Has the first tokens of another sequence, at most as many as that has. */
    void copy(KeyValueCache other, int tokens, Backend backend) {
        for (int layer = 0; tokens > 0 && layer < layers; layer++) {
            backend.copy(other.layer(layer).rows(0, tokens), layer(layer).rows(0, tokens));
        }
        length = tokens;
    }

    int length() {
        return length;
    }

    void fillTo(int tokens) {
        length = tokens;
    }

    /** {@code [capacity, 2·keyValueHeads·headDim]}. */
    Tensor layer(int layer) {
        return storage.tensor((long) layer * capacity * columns, capacity, columns);
    }
}
