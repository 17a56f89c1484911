package ai.rpo.core.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;

/** The same numbers in the plain backend and in another one, at an odd offset between guards. */
record Twin(Storage fastStorage, Tensor exact, Tensor fast) {

    private static final double SMALL = 0.01;
    private static final int GUARD = 19;
    private static final float SENTINEL = 12345.678f;

    static Twin of(PlainBackend plain, Backend backend, int rows, int columns, float[] values) {
        float[] guarded = new float[values.length + 2 * GUARD];
        Arrays.fill(guarded, SENTINEL);
        System.arraycopy(values, 0, guarded, GUARD, values.length);
        Storage exactStorage = plain.allocate(guarded.length);
        Storage fastStorage = backend.allocate(guarded.length);
        exactStorage.write(0, guarded, 0, guarded.length);
        fastStorage.write(0, guarded, 0, guarded.length);
        return new Twin(
                fastStorage, exactStorage.tensor(GUARD, rows, columns), fastStorage.tensor(GUARD, rows, columns));
    }

    /** Has the fast one take the exact one's values. */
    void giveExact() {
        double[] values = exact.toArray();
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        fastStorage.write(GUARD, floats, 0, floats.length);
    }

    /** Sets one number in both. */
    void put(int row, int column, float value) {
        ((PlainTensor) exact).set(row, column, value);
        fastStorage.write(GUARD + (long) row * exact.columns() + column, new float[] {value}, 0, 1);
    }

    void assertAgrees() {
        assertAgrees(BackendAgreementTest.TOLERANCE);
    }

    /** Within {@code tolerance} of the largest number in the same row, or of 0.01 if all are smaller; then the exact one takes the fast one's values. */
    void assertAgrees(double tolerance) {
        assertAgrees(tolerance, exact.columns());
    }

    /** The same, of the largest number in the same row and the same {@code width} columns, as of a head. */
    void assertAgrees(double tolerance, int width) {
        double[] actual = fast.toArray();
        for (int row = 0; row < exact.rows(); row++) {
            for (int from = 0; from < exact.columns(); from += width) {
                assertAgrees(tolerance, actual, row, from, from + width);
            }
        }
    }

    private void assertAgrees(double tolerance, double[] actual, int row, int from, int to) {
        PlainTensor expected = (PlainTensor) exact;
        int columns = exact.columns();
        double largest = SMALL;
        for (int j = from; j < to; j++) {
            largest = Math.max(largest, Math.abs(expected.get(row, j)));
        }
        for (int j = from; j < to; j++) {
            double value = actual[row * columns + j];
            assertEquals(
                    expected.get(row, j),
                    value,
                    tolerance * largest,
                    "row " + row + ", column " + j + " of [" + exact.rows() + ", " + columns + "]");
            expected.set(row, j, value);
        }
    }

    void assertFinite() {
        for (double value : fast.toArray()) {
            assertTrue(Double.isFinite(value), "not finite: " + value);
        }
    }

    void assertGuards() {
        float[] all = new float[(int) fastStorage.size()];
        fastStorage.read(0, all, 0, all.length);
        for (int i = 0; i < GUARD; i++) {
            assertEquals(SENTINEL, all[i], "before the tensor");
            assertEquals(SENTINEL, all[all.length - 1 - i], "after the tensor");
        }
    }
}
