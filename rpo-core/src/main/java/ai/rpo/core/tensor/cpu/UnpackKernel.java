package ai.rpo.core.tensor.cpu;

import ai.rpo.core.tensor.NormalFloat;

/** Turns codes into numbers. */
final class UnpackKernel {

    private static final int CHUNK = 1 << 13; // elements to a task: what it writes stays in the first-level cache
    private static final int CODES = 16;

    private static final long[] PAIRS = pairs();

    private final WorkerPool pool;
    private final RowMath math;

    UnpackKernel(WorkerPool pool, RowMath math) {
        this.pool = pool;
        this.math = math;
    }

    /** The levels that a byte of two codes stands for, as they lie in memory. */
    private static long[] pairs() {
        long[] pairs = new long[CODES * CODES];
        for (int i = 0; i < pairs.length; i++) {
            long first = Float.floatToRawIntBits(NormalFloat.level(i / CODES)) & 0xffffffffL;
            long second = Float.floatToRawIntBits(NormalFloat.level(i % CODES)) & 0xffffffffL;
            pairs[i] = first | second << Integer.SIZE;
        }
        return pairs;
    }

    /**
     * @param first element of the packed matrix that is wanted
     * @param size how many are
     */
    void unpack(PackedMemory packed, long first, long out, long size) {
        long codes = packed.address();
        pool.run(Math.toIntExact((size + CHUNK - 1) / CHUNK), (task, lane) -> {
            long from = (long) task * CHUNK;
            int length = (int) Math.min(CHUNK, size - from);
            float[] numbers = lane.array(0, length);
            switch (packed.packing()) {
                case NF4 -> levels(codes, first + from, numbers, length);
                case INT8 -> bytes(codes + first + from, numbers, length);
                case BFLOAT16 -> {
                    short[] halves = lane.halves(length);
                    OffHeap.read(codes + Short.BYTES * (first + from), halves, length);
                    math.widen(halves, 0, numbers, length);
                }
            }
            if (packed.scales().length > 0) {
                scale(packed, first + from, numbers, length);
            }
            OffHeap.write(numbers, 0, out + Float.BYTES * from, length);
        });
    }

    private static void levels(long codes, long first, float[] numbers, int length) {
        int start = (int) (first & 1); // in the middle of a byte
        if (start == 1) {
            numbers[0] = NormalFloat.level(OffHeap.getByte(codes + (first >>> 1)) & CODES - 1);
        }
        int pairs = (length - start) / 2;
        OffHeap.spread(codes + (first + start >>> 1), pairs, PAIRS, numbers, start);
        if (start + 2 * pairs < length) {
            long last = first + length - 1;
            numbers[length - 1] = NormalFloat.level((OffHeap.getByte(codes + (last >>> 1)) & 0xff) / CODES);
        }
    }

    private static void bytes(long codes, float[] numbers, int length) {
        for (int i = 0; i < length; i++) {
            numbers[i] = OffHeap.getByte(codes + i);
        }
    }

    private static void scale(PackedMemory packed, long first, float[] numbers, int length) {
        int block = packed.block();
        for (int i = 0; i < length; ) {
            long number = (first + i) / block;
            int end = (int) Math.min(length, (number + 1) * block - first);
            float scale = packed.scales()[(int) number];
            for (; i < end; i++) {
                numbers[i] *= scale;
            }
        }
    }
}
