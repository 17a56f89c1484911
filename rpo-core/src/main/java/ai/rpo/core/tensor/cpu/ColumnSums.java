package ai.rpo.core.tensor.cpu;

/**
 * Sums of columns that several threads add up: one partial sum for each block of rows, joined in the blocks' order, so
 * that the result does not depend on who computed what.
 */
final class ColumnSums {

    private final int blocks;
    private final int columns;
    private final float[] partial;

    ColumnSums(int blocks, int columns) {
        this.blocks = blocks;
        this.columns = columns;
        partial = new float[blocks * columns];
    }

    void set(int block, float[] sums) {
        System.arraycopy(sums, 0, partial, block * columns, columns);
    }

    void addTo(long address) {
        float[] sum = new float[columns];
        OffHeap.read(address, sum, 0, columns);
        for (int block = 0; block < blocks; block++) {
            int from = block * columns;
            for (int j = 0; j < columns; j++) {
                sum[j] += partial[from + j];
            }
        }
        OffHeap.write(sum, 0, address, columns);
    }
}
