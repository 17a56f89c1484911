package ai.rpo.core.tensor.cpu;

import java.lang.ref.Cleaner;
import org.bytedeco.javacpp.FloatPointer;

/**
 * Holds what one thread of the pool needs in passing, kept from job to job: nothing is allocated once warm. Closed by
 * the pool where that ends the thread, and else with the garbage: a caller's thread ends without telling.
 */
final class Lane implements AutoCloseable {

    private static final int SLOTS = 8;
    private static final long CACHE_LINE = 64;
    private static final Cleaner CLEANER = Cleaner.create();

    private final float[][] arrays = new float[SLOTS][0];
    private short[] halves = new short[0];
    private final FloatPointer[] memory = new FloatPointer[SLOTS];
    private final Gemm gemm;
    private final Cleaner.Cleanable products;

    Lane(Gemm gemm) {
        this.gemm = gemm;
        products = CLEANER.register(this, gemm::close);
    }

    Gemm gemm() {
        return gemm;
    }

    /** An array of at least {@code length}, holding whatever it held. */
    float[] array(int slot, int length) {
        if (arrays[slot].length < length) {
            arrays[slot] = new float[length];
        }
        return arrays[slot];
    }

    /** An array of at least {@code length} numbers of 16 bits, holding whatever it held. */
    short[] halves(int length) {
        if (halves.length < length) {
            halves = new short[length];
        }
        return halves;
    }

    /**
     * The address of at least {@code floats} floats off the heap, holding anything; it is good until more are asked
     * for.
     */
    long memory(int slot, long floats) {
        if (memory[slot] == null || memory[slot].capacity() < floats) {
            long before = memory[slot] == null ? 0 : memory[slot].capacity();
            free(slot);
            memory[slot] = new FloatPointer(Math.max(floats, before + before / 2));
        }
        return memory[slot].address();
    }

    /** Gives memory of a slot from the start of a cache line on: vectors that cross lines are read at half the rate. */
    long aligned(int slot, long floats) {
        long address = memory(slot, floats + CACHE_LINE / Float.BYTES);
        return (address + CACHE_LINE - 1) & -CACHE_LINE;
    }

    @Override
    public void close() {
        products.clean();
        for (int slot = 0; slot < SLOTS; slot++) {
            free(slot);
        }
    }

    private void free(int slot) {
        if (memory[slot] != null) {
            memory[slot].close();
            memory[slot] = null;
        }
    }
}
