package ai.rpo.core.tensor;

/** Says how a matrix that is only read is kept in fewer bits than float32. */
public enum Packing {
    /**
     * Four bits, which choose among sixteen levels (NormalFloat, arXiv 2305.14314), times a scale for every so many
     * numbers that follow each other. The number that comes first is in the upper half of a byte.
     */
    NF4(4, true),
    /** A signed byte times a scale. */
    INT8(8, true),
    /** The upper half of a float32, little-endian, without a scale. */
    BFLOAT16(16, false);

    private final int bits;
    private final boolean scaled;

    Packing(int bits, boolean scaled) {
        this.bits = bits;
        this.scaled = scaled;
    }

    /** Bytes of the codes of so many numbers. */
    public long bytes(long numbers) {
        return (bits * numbers + Byte.SIZE - 1) / Byte.SIZE;
    }

    /**
     * Tells how many scales so many numbers have.
     *
     * @param block numbers of one scale
     */
    public long scales(long numbers, long block) {
        return scaled ? (numbers + block - 1) / block : 0;
    }
}
