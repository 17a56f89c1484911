package ai.rpo.core.tensor;

import java.util.Arrays;
import java.util.Objects;

/** A window of a double array. */
record PlainTensor(double[] data, int offset, int rows, int columns) implements Tensor {

    double get(int row, int column) {
        return data[index(row, column)];
    }

    void set(int row, int column, double value) {
        data[index(row, column)] = value;
    }

    void add(int row, int column, double value) {
        data[index(row, column)] += value;
    }

    @Override
    public Tensor rows(int from, int to) {
        Objects.checkFromToIndex(from, to, rows);
        return new PlainTensor(data, offset + from * columns, to - from, columns);
    }

    @Override
    public double[] toArray() {
        return Arrays.copyOfRange(data, offset, offset + rows * columns);
    }

    private int index(int row, int column) {
        return offset + Objects.checkIndex(row, rows) * columns + Objects.checkIndex(column, columns);
    }
}
