package ai.rpo.core.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Numbers in few bits, by hand. */
class PackedMatrixTest {

    @Test
    void fourBitsChooseAmongLevels() {
        float[] numbers = {2, -1, 0, 0.3f, -4, 4, 0.32f, 0, 0, 0};
        PackedMatrix packed = PackedMatrix.of(Packing.NF4, 2, 5, 4, source(numbers));

        assertArrayEquals(new float[] {2, 4, 0}, packed.scales());
        // 1, -0.5, 0, 0.15 of 2: the nearest are 1, -0.525, 0 and 0.161; -1, 1, 0.08, 0 of 4: -1, 1, 0.0796, 0
        assertArrayEquals(new byte[] {(byte) 0xf2, 0x79, 0x0f, (byte) 0x87, 0x77}, packed.codes());
        assertEquals(2 * -0.5250730514526367, packed.get(1), 1e-6);
        assertEquals(2 * 0.16093020141124725, packed.get(3), 1e-6);
        assertEquals(-4, packed.get(4));
        assertEquals(0, packed.get(9));
    }

    @Test
    void aByteIsA127thOfTheLargest() {
        PackedMatrix packed = PackedMatrix.of(Packing.INT8, 2, 3, 3, source(new float[] {127, -63.4f, 0.6f, 0, 0, 0}));
        assertArrayEquals(new byte[] {127, -63, 1, 0, 0, 0}, packed.codes());
        assertArrayEquals(new float[] {1, 0}, packed.scales());
        assertEquals(-63, packed.get(1));
    }

    @Test
    void halvesRoundToTheNearestEven() {
        float[] numbers = {1, 1 + 0x1p-8f, 1 + 3 * 0x1p-8f, -3.14159f};
        PackedMatrix packed = PackedMatrix.of(Packing.BFLOAT16, 1, 4, 1, source(numbers));
        assertEquals(1, packed.get(0));
        assertEquals(1, packed.get(1));
        assertEquals(1 + 0x1p-6f, packed.get(2));
        assertEquals(-3.140625f, packed.get(3));
        assertEquals(0, packed.scales().length);
    }

    @Test
    void levelsAreTheirOwnNearest() {
        float[] levels = NormalFloat.levels();
        for (int code = 0; code < levels.length; code++) {
            assertEquals(code, NormalFloat.nearest(levels[code]));
        }
        assertEquals(0, NormalFloat.nearest(-7));
        assertEquals(15, NormalFloat.nearest(7));
    }

    /** Half the widest distance of levels, 0.152 of the block's largest number, bounds the error. */
    @Test
    void nothingIsFurtherAwayThanHalfAStep() {
        Random random = new Random(1);
        float[] numbers = new float[640];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) random.nextGaussian();
        }
        PackedMatrix four = PackedMatrix.of(Packing.NF4, 5, 128, 64, source(numbers));
        PackedMatrix eight = PackedMatrix.of(Packing.INT8, 5, 128, 128, source(numbers));
        for (int i = 0; i < numbers.length; i++) {
            assertEquals(numbers[i], four.get(i), 0.1520 * four.scales()[i / 64]);
            assertEquals(numbers[i], eight.get(i), 0.5001 * eight.scales()[i / 128]);
        }
        assertEquals(0.5, four.codes().length / 640.0);
    }

    @Test
    void rowsChangePlaces() {
        float[] numbers = new float[3 * 128];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = i - 200;
        }
        assertTrue(PackedMatrix.hasWholeRows(Packing.NF4, 128, 64));
        assertFalse(PackedMatrix.hasWholeRows(Packing.NF4, 96, 64));
        for (Packing packing : Packing.values()) {
            PackedMatrix packed = PackedMatrix.of(packing, 3, 128, 64, source(numbers));
            PackedMatrix moved = packed.withRowsAt(row -> (row + 1) % 3);
            for (int j = 0; j < 128; j++) {
                assertEquals(packed.get(j), moved.get(128 + j));
                assertEquals(packed.get(256 + j), moved.get(j));
            }
        }
    }

    @Test
    void refusesWhatIsMissing() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new PackedMatrix(Packing.NF4, 2, 64, 64, new byte[64], new float[1]));
        assertThrows(
                IllegalArgumentException.class,
                () -> new PackedMatrix(Packing.INT8, 2, 64, 64, new byte[127], new float[2]));
    }

    private static PackedMatrix.Source source(float[] numbers) {
        return (offset, target, length) -> System.arraycopy(numbers, (int) offset, target, 0, length);
    }
}
