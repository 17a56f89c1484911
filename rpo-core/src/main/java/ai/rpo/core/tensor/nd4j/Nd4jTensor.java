package ai.rpo.core.tensor.nd4j;

import ai.rpo.core.tensor.Tensor;
import java.util.Objects;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A window of an ND4J buffer.
 *
 * @param offset of the first element in the buffer
 */
public record Nd4jTensor(DataBuffer buffer, long offset, int rows, int columns) implements Tensor {

    @Override
    public Tensor rows(int from, int to) {
        Objects.checkFromToIndex(from, to, rows);
        return new Nd4jTensor(buffer, offset + (long) from * columns, to - from, columns);
    }

    @Override
    public double[] toArray() {
        return view(offset, new long[] {size()}, new long[] {1}).toDoubleVector();
    }

    /** Address of the first element; only where ND4J computes in the host's memory. */
    public long address() {
        return buffer.address() + offset * Float.BYTES;
    }

    /** A new c-order array on the same memory. */
    INDArray array() {
        return view(offset, new long[] {rows, columns}, new long[] {columns, 1});
    }

    /** Columns {@code from} (inclusive) to {@code to} (exclusive) of rows {@code firstRow} and following. */
    INDArray block(int firstRow, int rowCount, int from, int to) {
        return view(
                offset + (long) firstRow * columns + from, new long[] {rowCount, to - from}, new long[] {columns, 1});
    }

    /** {@code count} neighbouring blocks of {@code width} columns each, beginning {@code apart} columns from each other. */
    INDArray blocks(int firstColumn, int count, int apart, int width) {
        return view(offset + firstColumn, new long[] {rows, count, width}, new long[] {columns, apart, 1});
    }

    /** All elements as one column. */
    INDArray flat() {
        return view(offset, new long[] {size(), 1}, new long[] {1, 1});
    }

    private INDArray view(long start, long[] shape, long[] stride) {
        return Nd4j.create(buffer, shape, stride, start, 'c');
    }
}
