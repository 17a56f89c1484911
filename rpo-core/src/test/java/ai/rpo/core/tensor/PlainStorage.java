package ai.rpo.core.tensor;

import java.util.Arrays;
import java.util.Objects;

/** A double array; its length is the size. */
record PlainStorage(double[] data) implements Storage {

    @Override
    public long size() {
        return data.length;
    }

    @Override
    public Tensor tensor(long offset, int rows, int columns) {
        Objects.checkFromIndexSize(offset, (long) rows * columns, data.length);
        return new PlainTensor(data, (int) offset, rows, columns);
    }

    @Override
    public void read(long offset, float[] target, int from, int length) {
        for (int i = 0; i < length; i++) {
            target[from + i] = (float) data[(int) offset + i];
        }
    }

    @Override
    public void write(long offset, float[] source, int from, int length) {
        for (int i = 0; i < length; i++) {
            data[(int) offset + i] = source[from + i];
        }
    }

    /** What is used after it is not a number. */
    @Override
    public void free() {
        Arrays.fill(data, Double.NaN);
    }
}
