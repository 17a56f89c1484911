package ai.rpo.core.tensor.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.reflect.Field;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;
import sun.misc.Unsafe;

class Nd4jStorageTest {

    /** In memory that is reserved and never touched but for a few pages. */
    @Test
    void numbersLieWhereALongSays() throws ReflectiveOperationException {
        Field field = Unsafe.class.getDeclaredField("theUnsafe");
        field.setAccessible(true);
        Unsafe unsafe = (Unsafe) field.get(null);
        long size = (1L << 31) + 100;
        long start = unsafe.allocateMemory(Float.BYTES * size);
        try {
            FloatPointer memory = new FloatPointer() {
                {
                    address = start;
                    limit = size;
                    capacity = size;
                }
            };
            Nd4jStorage storage = Nd4jStorage.of(
                    Nd4j.create(Nd4j.createBuffer(memory, DataType.FLOAT, size, FloatIndexer.create(memory)), size));
            assertEquals(size, storage.size());
            for (long offset : new long[] {0, (1L << 29) - 2, 1L << 29, 1L << 30, (1L << 31) - 2, size - 5}) {
                float[] numbers = {offset, 1, 2, 3, 4};
                storage.write(offset, numbers, 0, 5);
                assertEquals(3, unsafe.getFloat(start + Float.BYTES * (offset + 3)));
                float[] read = new float[5];
                storage.read(offset, read, 0, 5);
                assertArrayEquals(numbers, read);
                assertEquals(4, storage.tensor(offset, 1, 5).toArray()[4]);
                assertEquals(start + Float.BYTES * offset, ((Nd4jTensor) storage.tensor(offset, 1, 5)).address());
            }
        } finally {
            unsafe.freeMemory(start);
        }
    }

    @Test
    void newOnesAreZeroAndBeginAtACacheLine() {
        Nd4jStorage first = Nd4jStorage.allocate(1000);
        first.write(0, new float[] {1, 2, 3}, 0, 3);
        first.free();
        Nd4jStorage storage = Nd4jStorage.allocate(1000);
        assertArrayEquals(new double[1000], storage.tensor(0, 1, 1000).toArray());
        assertEquals(0, ((Nd4jTensor) storage.tensor(0, 1, 1)).address() % 64);
        storage.free();
    }

    @Test
    void freedOnesRefuseToBeUsed() {
        Nd4jStorage storage = Nd4jStorage.allocate(10);
        Nd4jTensor tensor = (Nd4jTensor) storage.tensor(0, 2, 5);
        storage.free();
        assertThrows(IllegalStateException.class, tensor::address);
    }
}
