package ai.rpo.core.tensor.cpu;

/** Cuts the rows of a matrix into blocks of about as many elements as a first-level cache holds. */
record RowBlocks(int rows, int rowsPerBlock) {

    private static final int ELEMENTS = 1 << 14;

    static RowBlocks of(int rows, int columns) {
        return new RowBlocks(rows, Math.max(1, ELEMENTS / Math.max(1, columns)));
    }

    int count() {
        return (rows + rowsPerBlock - 1) / rowsPerBlock;
    }

    int from(int block) {
        return block * rowsPerBlock;
    }

    int to(int block) {
        return Math.min(rows, (block + 1) * rowsPerBlock);
    }
}
