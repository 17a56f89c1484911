package ai.rpo.core.tensor.cpu;

/** Rotary position embedding, in place; see {@link ai.rpo.core.tensor.Backend#rotary}. */
final class RotaryKernel {

    private final WorkerPool pool;

    RotaryKernel(WorkerPool pool) {
        this.pool = pool;
    }

    /**
     * @param columns of the fused tensor
     * @param heads how many heads from the left are turned
     * @param width columns of a head
     * @param half pairs of columns that are turned in each head
     */
    void turn(
            long fused,
            int columns,
            int heads,
            int width,
            int half,
            int[] positions,
            long cos,
            long sin,
            boolean inverse) {
        RowBlocks blocks = RowBlocks.of(positions.length, columns);
        pool.run(blocks.count(), (block, lane) -> {
            float[] c = lane.array(0, half);
            float[] s = lane.array(1, half);
            float[] a = lane.array(2, half);
            float[] b = lane.array(3, half);
            float[] turnedA = lane.array(4, half);
            float[] turnedB = lane.array(5, half);
            float sign = inverse ? -1 : 1;
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                long angles = Float.BYTES * ((long) positions[i] * half);
                OffHeap.read(cos + angles, c, 0, half);
                OffHeap.read(sin + angles, s, 0, half);
                for (int j = 0; j < half; j++) {
                    s[j] *= sign;
                }
                for (int head = 0; head < heads; head++) {
                    long first = fused + Float.BYTES * ((long) i * columns + (long) head * width);
                    long second = first + (long) Float.BYTES * half;
                    OffHeap.read(first, a, 0, half);
                    OffHeap.read(second, b, 0, half);
                    for (int j = 0; j < half; j++) {
                        turnedA[j] = a[j] * c[j] - b[j] * s[j];
                    }
                    for (int j = 0; j < half; j++) {
                        turnedB[j] = b[j] * c[j] + a[j] * s[j];
                    }
                    OffHeap.write(turnedA, 0, first, half);
                    OffHeap.write(turnedB, 0, second, half);
                }
            }
        });
    }
}
