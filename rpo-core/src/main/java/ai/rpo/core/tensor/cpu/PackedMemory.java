package ai.rpo.core.tensor.cpu;

import ai.rpo.core.tensor.Packed;
import ai.rpo.core.tensor.PackedMatrix;
import ai.rpo.core.tensor.Packing;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.nd4j.Nd4jStorage;
import ai.rpo.core.tensor.nd4j.Nd4jTensor;

/**
 * A packed matrix off the heap.
 *
 * @param memory of codes, four bytes in each of its numbers
 * @param scales on the heap: there are few
 */
record PackedMemory(Packing packing, int rows, int columns, int block, Storage memory, float[] scales)
        implements Packed {

    static PackedMemory of(PackedMatrix matrix) {
        int words = Math.max(1, (matrix.codes().length + Float.BYTES - 1) / Float.BYTES);
        PackedMemory packed = new PackedMemory(
                matrix.packing(),
                matrix.rows(),
                matrix.columns(),
                matrix.block(),
                Nd4jStorage.allocate(words),
                matrix.scales());
        OffHeap.write(matrix.codes(), packed.address());
        return packed;
    }

    /** Gives the address of the first code. */
    long address() {
        return ((Nd4jTensor) memory.tensor(0, 1, 1)).address();
    }
}
