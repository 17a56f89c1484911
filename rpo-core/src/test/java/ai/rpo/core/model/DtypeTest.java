package ai.rpo.core.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class DtypeTest {

    /** Worked by hand from IEEE 754 binary16 and from the upper half of binary32. */
    @ParameterizedTest
    @CsvSource({
        "F16, 3c00, 1.0",
        "F16, c000, -2.0",
        "F16, 7bff, 65504.0",
        "F16, 0400, 6.103515625E-5",
        "F16, 0001, 5.9604644775390625E-8",
        "F16, 8000, -0.0",
        "F16, 3555, 0.333251953125",
        "F16, 7c00, Infinity",
        "BF16, 3f80, 1.0",
        "BF16, c040, -3.0",
        "BF16, 3eab, 0.333984375",
        "BF16, 0001, 9.183549615799121E-41",
        "BF16, ff80, -Infinity"
    })
    void knownNumbers(Dtype dtype, String bits, double value) {
        assertEquals((float) value, decode(dtype, (short) Integer.parseInt(bits, 16)));
        assertEquals(Integer.parseInt(bits, 16), encode(dtype, (float) value) & 0xffff);
    }

    @ParameterizedTest
    @CsvSource({
        "F16, 1.00048828125, 3c00", // halfway between 3c00 and 3c01: the even one
        "F16, 1.00146484375, 3c02", // halfway between 3c01 and 3c02
        "F16, 65519.9, 7bff",
        "F16, 65520, 7c00",
        "F16, 2.98023223876953125E-8, 0000", // half of the smallest
        "F16, 8.94069671630859375E-8, 0002", // one and a half times the smallest
        "F16, 6.1005353927612305E-5, 0400", // rounds up from subnormal to normal
        "BF16, 1.00390625, 3f80",
        "BF16, 1.01171875, 3f82",
        "BF16, 3.3961775E38, 7f80",
        "BF16, -3.3961774E38, ff7f"
    })
    void roundsToNearestEven(Dtype dtype, float value, String bits) {
        assertEquals(Integer.parseInt(bits, 16), encode(dtype, value) & 0xffff);
    }

    @ParameterizedTest
    @EnumSource(names = {"F16", "BF16"})
    void everyNumberOfSixteenBitsSurvives(Dtype dtype) {
        for (int bits = 0; bits <= 0xffff; bits++) {
            float value = decode(dtype, (short) bits);
            if (Float.isNaN(value)) {
                assertTrue(Float.isNaN(decode(dtype, encode(dtype, value))));
            } else {
                assertEquals(bits, encode(dtype, value) & 0xffff);
            }
        }
    }

    @Property
    void noNeighbourIsNearer(@ForAll float value, @ForAll boolean half) {
        Dtype dtype = half ? Dtype.F16 : Dtype.BF16;
        if (!(Math.abs(value) < dtype.overflow())) {
            return;
        }
        short bits = encode(dtype, value);
        double error = Math.abs((double) decode(dtype, bits) - value);
        for (int step = -1; step <= 1; step += 2) {
            double neighbour = decode(dtype, (short) (bits + step));
            if (!Double.isNaN(neighbour)) {
                assertTrue(error <= Math.abs(neighbour - value), value + " became " + decode(dtype, bits));
            }
        }
    }

    @Test
    void isFoundByEitherName() {
        assertEquals(Optional.of(Dtype.BF16), Dtype.named("bfloat16"));
        assertEquals(Optional.of(Dtype.F32), Dtype.named("F32"));
        assertEquals(Optional.empty(), Dtype.named("float64"));
    }

    private static float decode(Dtype dtype, short bits) {
        float[] value = new float[1];
        dtype.decode(
                ByteBuffer.allocate(2)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putShort(bits)
                        .flip()
                        .order(ByteOrder.LITTLE_ENDIAN),
                value,
                1);
        return value[0];
    }

    private static short encode(Dtype dtype, float value) {
        ByteBuffer bytes = ByteBuffer.allocate(2).order(ByteOrder.LITTLE_ENDIAN);
        dtype.encode(new float[] {value}, 1, bytes);
        return bytes.getShort(0);
    }
}
