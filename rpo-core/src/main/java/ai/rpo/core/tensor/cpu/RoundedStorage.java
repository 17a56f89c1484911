package ai.rpo.core.tensor.cpu;

import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.nd4j.Nd4jStorage;
import ai.rpo.core.tensor.nd4j.Nd4jTensor;
import java.util.Objects;

/** A run of bfloat16 off the heap: the upper halves of float32. */
final class RoundedStorage implements Storage {

    private static final short NAN = 0x7fc0;

    private final Storage memory; // float32, two numbers in each
    private final long address;
    private final long size;

    RoundedStorage(long size) {
        this.size = size;
        memory = Nd4jStorage.allocate((size + 1) / 2);
        address = size == 0 ? 0 : ((Nd4jTensor) memory.tensor(0, 1, 1)).address();
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public Tensor tensor(long offset, int rows, int columns) {
        Objects.checkFromIndexSize(offset, (long) rows * columns, size);
        return new RoundedTensor(this, offset, rows, columns);
    }

    @Override
    public void read(long offset, float[] target, int from, int length) {
        Objects.checkFromIndexSize(offset, length, size);
        Objects.checkFromIndexSize(from, length, target.length);
        OffHeap.widen(at(offset), target, from, length);
    }

    /** Rounds to the nearest, ties to even. */
    @Override
    public void write(long offset, float[] source, int from, int length) {
        Objects.checkFromIndexSize(offset, length, size);
        Objects.checkFromIndexSize(from, length, source.length);
        for (int i = 0; i < length; i++) {
            OffHeap.put(at(offset + i), rounded(source[from + i]));
        }
    }

    @Override
    public void free() {
        memory.free();
    }

    long at(long offset) {
        return address + Short.BYTES * offset;
    }

    private static short rounded(float x) {
        int bits = Float.floatToRawIntBits(x);
        return Float.isNaN(x) ? NAN : (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }
}
