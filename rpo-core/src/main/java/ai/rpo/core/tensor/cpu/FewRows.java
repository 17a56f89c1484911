package ai.rpo.core.tensor.cpu;

import java.util.Arrays;

/**
 * Products of a few rows with weights that lie output by output, as generation makes them: {@code cᵀ = b·aᵀ}. The other
 * way round, libraries rearrange all of the weights for each product, which takes longer than to multiply so few rows.
 * (Of bfloat16 they rearrange half as much, and nothing is won.)
 */
final class FewRows {

    private static final int FEWEST = 5;
    private static final int MOST = 64; // by more rows, turning the result round costs what is won

    private static final int STEP = 16; // numbers of rows up to the same multiple share a primitive
    private static final int OUTPUTS_AT_ONCE = 1024; // their results stay in the second-level cache
    private static final int TURNED_AT_ONCE = 64;
    private static final int ROWS = 4; // slots of the lane
    private static final int RESULTS = 5;

    private FewRows() {}

    /** Tells whether that is the faster way for so many rows. */
    static boolean suit(int rows) {
        return rows >= FEWEST && rows <= MOST;
    }

    /**
     * {@code c = a·bᵀ}, or {@code c += …}.
     *
     * @param a {@code [m, k]}
     * @param b {@code [n, k]}
     */
    static void multiply(Lane lane, int m, int n, int k, long a, long b, boolean accumulate, long c, int strideC) {
        int columns = (m + STEP - 1) / STEP * STEP;
        long rows = columns == m ? a : lane.memory(ROWS, (long) columns * k);
        if (columns > m) { // what the further rows hold reaches no result of these
            OffHeap.copy(a, rows, (long) m * k);
        }
        long results = lane.memory(RESULTS, (long) Math.min(n, OUTPUTS_AT_ONCE) * columns);
        for (int from = 0; from < n; from += OUTPUTS_AT_ONCE) {
            int outputs = Math.min(OUTPUTS_AT_ONCE, n - from);
            long weights = OffHeap.row(b, from, k);
            lane.gemm().multiplyRecurring(outputs, columns, k, weights, rows, results);
            turn(lane, results, outputs, columns, m, accumulate, c + (long) Float.BYTES * from, strideC);
        }
    }

    /**
     * Writes the first {@code m} columns of {@code results [outputs, columns]} to the rows of {@code c}, or adds them.
     */
    private static void turn(
            Lane lane, long results, int outputs, int columns, int m, boolean accumulate, long c, int strideC) {
        float[] block = lane.array(0, TURNED_AT_ONCE * columns);
        float[] row = lane.array(1, TURNED_AT_ONCE);
        for (int from = 0; from < outputs; from += TURNED_AT_ONCE) {
            int length = Math.min(TURNED_AT_ONCE, outputs - from);
            OffHeap.read(OffHeap.row(results, from, columns), block, 0, length * columns);
            for (int i = 0; i < m; i++) {
                long to = OffHeap.row(c, i, strideC) + (long) Float.BYTES * from;
                if (accumulate) {
                    OffHeap.read(to, row, 0, length);
                } else {
                    Arrays.fill(row, 0, length, 0);
                }
                for (int j = 0; j < length; j++) {
                    row[j] += block[j * columns + i];
                }
                OffHeap.write(row, 0, to, length);
            }
        }
    }
}
