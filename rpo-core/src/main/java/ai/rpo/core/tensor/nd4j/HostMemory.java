package ai.rpo.core.tensor.nd4j;

import java.lang.ref.Cleaner;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Zero-filled memory of the host's as a buffer of ND4J's. What ND4J allocates itself it fills on one thread at once; the
 * operating system hands out pages of zeros one by one, to whichever thread comes to them first.
 */
final class HostMemory {

    private static final Cleaner CLEANER = Cleaner.create();

    private final DataBuffer buffer;
    private final Cleaner.Cleanable memory;

    private HostMemory(DataBuffer buffer, Cleaner.Cleanable memory) {
        this.buffer = buffer;
        this.memory = memory;
    }

    /**
     * Given back by {@link #free}, or with the garbage.
     *
     * @throws OutOfMemoryError where the machine or a limit of the process has not so much
     */
    static HostMemory allocate(long floats) {
        Pointer zeros = Pointer.calloc(floats, Float.BYTES);
        if (zeros == null) {
            System.gc(); // storages that nobody holds any more are given back by their cleaners
            zeros = Pointer.calloc(floats, Float.BYTES);
        }
        if (zeros == null) {
            throw new OutOfMemoryError("Cannot allocate " + Float.BYTES * floats + " bytes outside the heap.");
        }
        FloatPointer numbers = new FloatPointer(zeros).capacity(floats);
        DataBuffer buffer = Nd4j.createBuffer(numbers, DataType.FLOAT, floats, FloatIndexer.create(numbers));
        Pointer address = zeros;
        return new HostMemory(buffer, CLEANER.register(buffer, () -> Pointer.free(address)));
    }

    DataBuffer buffer() {
        return buffer;
    }

    /** Its buffer refuses to be used from then on. */
    void free() {
        buffer.close();
        memory.clean();
    }
}
