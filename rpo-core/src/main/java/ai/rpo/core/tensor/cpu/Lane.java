package ai.rpo.core.tensor.cpu;

import org.bytedeco.javacpp.FloatPointer;

/** What one thread of the pool needs in passing, kept from job to job: nothing is allocated once warm. */
final class Lane {

    private static final int SLOTS = 8;

    private final float[][] arrays = new float[SLOTS][0];
    private final FloatPointer[] memory = new FloatPointer[SLOTS];
    private final Gemm gemm;

    Lane(Gemm gemm) {
        this.gemm = gemm;
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

    /** The address of at least {@code floats} floats off the heap, holding whatever they held. */
    long memory(int slot, long floats) {
        if (memory[slot] == null || memory[slot].capacity() < floats) {
            memory[slot] = new FloatPointer(floats);
        }
        return memory[slot].address();
    }
}
