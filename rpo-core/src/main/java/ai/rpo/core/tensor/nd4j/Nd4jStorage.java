package ai.rpo.core.tensor.nd4j;

import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Objects;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner.ExecutionerType;
import org.nd4j.linalg.factory.Nd4j;

/** A run of float32 in a buffer of ND4J's, off the heap. */
public final class Nd4jStorage implements Storage {

    private static final int CACHE_LINE = 64;
    private static final int CHUNK = 1 << 20; // elements copied at once between device and host

    private final DataBuffer buffer;
    private final long start;
    private final long size;
    private final Runnable release; // null where the memory belongs to an array

    private Nd4jStorage(DataBuffer buffer, long start, long size, Runnable release) {
        this.buffer = buffer;
        this.start = start;
        this.size = size;
        this.release = release;
    }

    /**
     * Shares the memory of a flat vector, such as DL4J's parameters or their gradient.
     *
     * @throws IllegalArgumentException unless the elements are float32 and lie next to each other
     */
    public static Nd4jStorage of(INDArray flat) {
        if (flat.dataType() != DataType.FLOAT || flat.length() > 1 && flat.elementWiseStride() != 1) {
            throw new IllegalArgumentException("Cannot use an array as storage: its elements are " + flat.dataType()
                    + " with a stride of " + flat.elementWiseStride() + ".");
        }
        return new Nd4jStorage(flat.data(), flat.offset(), flat.length(), null);
    }

    /** A new zero-filled storage, outside any ND4J workspace that may be open, beginning at a cache line. */
    public static Nd4jStorage allocate(long size) {
        int line = CACHE_LINE / Float.BYTES;
        if (inHostMemory()) {
            HostMemory memory = HostMemory.allocate(size + line);
            long past = memory.buffer().address() % CACHE_LINE / Float.BYTES;
            return new Nd4jStorage(memory.buffer(), (line - past) % line, size, memory::free);
        }
        DataBuffer buffer = Nd4j.createUninitializedDetached(DataType.FLOAT, size + line)
                .assign(0)
                .data();
        return new Nd4jStorage(buffer, line, size, buffer::close);
    }

    /** Tells whether ND4J computes where Java can address the numbers. */
    public static boolean inHostMemory() {
        return Nd4j.getExecutioner().type() == ExecutionerType.NATIVE_CPU;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public Tensor tensor(long offset, int rows, int columns) {
        Objects.checkFromIndexSize(offset, (long) rows * columns, size);
        return new Nd4jTensor(buffer, start + offset, rows, columns);
    }

    @Override
    public void read(long offset, float[] target, int from, int length) {
        Objects.checkFromIndexSize(offset, length, size);
        Objects.checkFromIndexSize(from, length, target.length);
        for (int done = 0; done < length; done += CHUNK) {
            int count = Math.min(CHUNK, length - done);
            if (inHostMemory()) {
                window(offset + done, count).get(target, from + done, count);
            } else {
                float[] part = array(offset + done, count).dup().data().asFloat();
                System.arraycopy(part, 0, target, from + done, count);
            }
        }
    }

    @Override
    public void write(long offset, float[] source, int from, int length) {
        Objects.checkFromIndexSize(offset, length, size);
        Objects.checkFromIndexSize(from, length, source.length);
        for (int done = 0; done < length; done += CHUNK) {
            int count = Math.min(CHUNK, length - done);
            if (inHostMemory()) {
                window(offset + done, count).put(source, from + done, count);
            } else {
                float[] part = Arrays.copyOfRange(source, from + done, from + done + count);
                array(offset + done, count).assign(Nd4j.createFromArray(part));
            }
        }
    }

    @Override
    public void free() {
        if (release == null) {
            throw new IllegalStateException("Cannot free memory that belongs to an array of ND4J's.");
        }
        release.run();
    }

    private INDArray array(long offset, int length) {
        return Nd4j.create(buffer, new long[] {length}, new long[] {1}, start + offset, 'c');
    }

    /** Opens a window from an address of its own: a buffer that begins at that of the whole ends after 2 GB. */
    private FloatBuffer window(long offset, int length) {
        return new FloatPointer(buffer.pointer())
                .getPointer(start + offset)
                .limit(length)
                .asBuffer();
    }
}
