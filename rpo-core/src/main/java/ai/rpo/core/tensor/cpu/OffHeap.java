package ai.rpo.core.tensor.cpu;

import java.lang.reflect.Field;
import sun.misc.Unsafe;

/**
 * Copies between Java arrays and memory outside the heap, unchecked. Kernels compute on small arrays, which the JIT
 * compiler turns into vector code, and which stay in the first-level cache; a direct buffer would hold at most 2 GiB,
 * cost a check per access, and be half as fast.
 */
final class OffHeap {

    private static final Unsafe UNSAFE = unsafe();
    private static final long ARRAY = Unsafe.ARRAY_FLOAT_BASE_OFFSET;

    private OffHeap() {}

    static void read(long address, float[] target, int from, int length) {
        UNSAFE.copyMemory(null, address, target, ARRAY + 4L * from, 4L * length);
    }

    static void read(long address, short[] target, int length) {
        UNSAFE.copyMemory(null, address, target, Unsafe.ARRAY_SHORT_BASE_OFFSET, 2L * length);
    }

    static void write(float[] source, int from, long address, int length) {
        UNSAFE.copyMemory(source, ARRAY + 4L * from, null, address, 4L * length);
    }

    /** Address of a row in a matrix without gaps. */
    static long row(long matrix, int row, int columns) {
        return matrix + Float.BYTES * ((long) row * columns);
    }

    static float get(long address) {
        return UNSAFE.getFloat(address);
    }

    static void put(long address, short value) {
        UNSAFE.putShort(address, value);
    }

    /** Reads bfloat16. */
    static void widen(long address, float[] target, int from, int length) {
        for (int i = 0; i < length; i++) {
            target[from + i] = Float.intBitsToFloat(UNSAFE.getShort(address + (long) Short.BYTES * i) << 16);
        }
    }

    static void put(long address, float value) {
        UNSAFE.putFloat(address, value);
    }

    static byte getByte(long address) {
        return UNSAFE.getByte(address);
    }

    static void write(byte[] source, long address) {
        UNSAFE.copyMemory(source, Unsafe.ARRAY_BYTE_BASE_OFFSET, null, address, source.length);
    }

    /** Writes for each byte the two floats that it stands for, as one number of 64 bits. */
    static void spread(long address, int bytes, long[] pairs, float[] target, int from) {
        for (int i = 0; i < bytes; i++) {
            UNSAFE.putLong(target, ARRAY + 4L * (from + 2L * i), pairs[UNSAFE.getByte(address + i) & 0xff]);
        }
    }

    static void copy(long from, long to, long floats) {
        UNSAFE.copyMemory(from, to, 4L * floats);
    }

    static void zero(long address, long floats) {
        UNSAFE.setMemory(address, 4L * floats, (byte) 0);
    }

    private static Unsafe unsafe() {
        try {
            Field field = Unsafe.class.getDeclaredField("theUnsafe");
            field.setAccessible(true);
            return (Unsafe) field.get(null);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
