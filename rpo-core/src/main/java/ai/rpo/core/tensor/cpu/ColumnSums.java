package ai.rpo.core.tensor.cpu;

/**
 * Sums of columns that several threads add up: one partial sum for each block of rows, joined in the blocks' order, so
 * that the result does not depend on who computed what.
 */
final class ColumnSums {

    private static final int FIRST_SLOT = 6; // of the caller's arrays: the others are for its part of the work

    private final int blocks;
    private final int columns;
    private final float[] partial;

    /**
     * @param lane the caller's, which lends the memory
     * @param index 0 or 1: which of the sums that a job adds up
     */
    ColumnSums(Lane lane, int index, int blocks, int columns) {
        this.blocks = blocks;
        this.columns = columns;
        partial = lane.array(FIRST_SLOT + index, blocks * columns);
    }

    void set(int block, float[] sums) {
        System.arraycopy(sums, 0, partial, block * columns, columns);
    }

    /** Uses the sums up. */
    void addTo(long address) {
        if (blocks == 0) {
            return;
        }
        for (int j = 0; j < columns; j++) {
            partial[j] += OffHeap.get(address + (long) Float.BYTES * j);
        }
        for (int block = 1; block < blocks; block++) {
            int from = block * columns;
            for (int j = 0; j < columns; j++) {
                partial[j] += partial[from + j];
            }
        }
        OffHeap.write(partial, 0, address, columns);
    }
}
