package ai.rpo.core.tensor.cpu;

import ai.rpo.core.tensor.Tensor;
import java.util.Objects;

/**
 * A window of a {@link RoundedStorage}.
 *
 * @param offset of the first element in the storage
 */
record RoundedTensor(RoundedStorage storage, long offset, int rows, int columns) implements Tensor {

    @Override
    public Tensor rows(int from, int to) {
        Objects.checkFromToIndex(from, to, rows);
        return new RoundedTensor(storage, offset + (long) from * columns, to - from, columns);
    }

    @Override
    public double[] toArray() {
        float[] values = new float[Math.toIntExact(size())];
        storage.read(offset, values, 0, values.length);
        double[] array = new double[values.length];
        for (int i = 0; i < array.length; i++) {
            array[i] = values[i];
        }
        return array;
    }

    /** Gives the address of the first element. */
    long address() {
        return storage.at(offset);
    }
}
