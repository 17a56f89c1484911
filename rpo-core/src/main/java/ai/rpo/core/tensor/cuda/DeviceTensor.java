package ai.rpo.core.tensor.cuda;

import ai.rpo.core.tensor.Tensor;
import java.util.Objects;

/**
 * A window of a {@link DeviceStorage}.
 *
 * @param offset of the first element in the storage
 */
record DeviceTensor(DeviceStorage storage, long offset, int rows, int columns) implements Tensor {

    @Override
    public Tensor rows(int from, int to) {
        Objects.checkFromToIndex(from, to, rows);
        return new DeviceTensor(storage, offset + (long) from * columns, to - from, columns);
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

    /** Tells whether the elements are bfloat16. */
    boolean rounded() {
        return storage.rounded();
    }

    /** Gives the address of the first element on the device. */
    long address() {
        return storage.at(offset);
    }
}
