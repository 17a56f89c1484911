package ai.rpo.spark.train;

import ai.rpo.core.tensor.Storage;
import ai.rpo.core.train.PolicyNetwork;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/** Parameters and optimizer state of a network by value, in chunks: first all parameters, then the moments. */
final class NetworkState implements Serializable {

    private static final long serialVersionUID = 1L;

    /** 16 MB: large enough to be fast, small enough that no message comes near Spark's limits. */
    static final int CHUNK = 1 << 22;

    private final List<FloatChunk> chunks;

    private NetworkState(List<FloatChunk> chunks) {
        this.chunks = chunks;
    }

    static NetworkState of(PolicyNetwork network) {
        List<FloatChunk> chunks = new ArrayList<>();
        for (int i = 0; i < chunkCount(network); i++) {
            chunks.add(read(network, i));
        }
        return new NetworkState(chunks);
    }

    void applyTo(PolicyNetwork network) {
        for (int i = 0; i < chunks.size(); i++) {
            write(network, i, chunks.get(i));
        }
    }

    static int chunkCount(PolicyNetwork network) {
        return storages(network).stream().mapToInt(NetworkState::chunks).sum();
    }

    static FloatChunk read(PolicyNetwork network, int index) {
        Place place = place(network, index);
        float[] values = new float[place.length];
        place.storage.read(place.offset, values, 0, place.length);
        return new FloatChunk(values);
    }

    static void write(PolicyNetwork network, int index, FloatChunk chunk) {
        Place place = place(network, index);
        place.storage.write(place.offset, chunk.values(), 0, place.length);
    }

    private record Place(Storage storage, long offset, int length) {}

    private static Place place(PolicyNetwork network, int index) {
        int remaining = index;
        for (Storage storage : storages(network)) {
            int own = chunks(storage);
            if (remaining < own) {
                long offset = (long) remaining * CHUNK;
                return new Place(storage, offset, (int) Math.min(CHUNK, storage.size() - offset));
            }
            remaining -= own;
        }
        throw new IndexOutOfBoundsException("The network has no chunk " + index + ".");
    }

    private static List<Storage> storages(PolicyNetwork network) {
        List<Storage> storages = new ArrayList<>(List.of(network.parameters()));
        network.updaterState().ifPresent(storages::add);
        return storages;
    }

    private static int chunks(Storage storage) {
        return Math.toIntExact((storage.size() + CHUNK - 1) / CHUNK);
    }
}
