package ai.rpo.core.model;

import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Optional;

/** Says how a checkpoint stores its weights; everything is computed in float32. */
public enum Dtype {
    F32("float32", 4, Double.POSITIVE_INFINITY),
    F16("float16", 2, 65_520),
    BF16("bfloat16", 2, 0x1.ffp127);

    private final String torchName;
    private final int bytes;
    private final double overflow;

    Dtype(String torchName, int bytes, double overflow) {
        this.torchName = torchName;
        this.bytes = bytes;
        this.overflow = overflow;
    }

    /** The name in {@code config.json}, such as {@code bfloat16}. */
    public String torchName() {
        return torchName;
    }

    /** Bytes of one element. */
    public int bytes() {
        return bytes;
    }

    /** The smallest magnitude that rounds to infinity. */
    double overflow() {
        return overflow;
    }

    /** Finds one by its name in a safetensors header or in {@code config.json}, whatever the case. */
    public static Optional<Dtype> named(String name) {
        for (Dtype dtype : values()) {
            if (dtype.torchName.equals(name.toLowerCase(Locale.ROOT))
                    || dtype.name().equalsIgnoreCase(name)) {
                return Optional.of(dtype);
            }
        }
        return Optional.empty();
    }

    /** Converts the next {@code length} elements of a little-endian buffer, exactly. */
    void decode(ByteBuffer source, float[] target, int length) {
        switch (this) {
            case F32 -> {
                source.asFloatBuffer().get(target, 0, length);
                source.position(source.position() + Float.BYTES * length);
            }
            case F16 -> {
                for (int i = 0; i < length; i++) {
                    target[i] = halfToFloat(source.getShort());
                }
            }
            case BF16 -> {
                for (int i = 0; i < length; i++) {
                    target[i] = Float.intBitsToFloat(source.getShort() << 16);
                }
            }
        }
    }

    /** Appends {@code length} elements, rounded to nearest, ties to even; too large a number becomes infinite. */
    void encode(float[] source, int length, ByteBuffer target) {
        switch (this) {
            case F32 -> {
                target.asFloatBuffer().put(source, 0, length);
                target.position(target.position() + Float.BYTES * length);
            }
            case F16 -> {
                for (int i = 0; i < length; i++) {
                    target.putShort(floatToHalf(source[i]));
                }
            }
            case BF16 -> {
                for (int i = 0; i < length; i++) {
                    target.putShort(floatToBfloat16(source[i]));
                }
            }
        }
    }

    private static float halfToFloat(short half) {
        int magnitude = half & 0x7fff;
        int sign = (half & 0x8000) << 16;
        if (magnitude >= 0x7c00) {
            return Float.intBitsToFloat(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
        }
        // With the exponent field kept, the value is 2^(127-15) too small; the product is exact, for subnormals too.
        return Float.intBitsToFloat(sign | Float.floatToRawIntBits(Float.intBitsToFloat(magnitude << 13) * 0x1p112f));
    }

    private static short floatToHalf(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        int magnitude = bits & 0x7fffffff;
        if (magnitude > 0x7f800000) {
            return (short) (sign | 0x7e00);
        }
        if (magnitude >= 0x477ff000) { // 65520, halfway between the largest half and the next power of two
            return (short) (sign | 0x7c00);
        }
        if (magnitude < 0x38800000) { // below 2^-14 halves are evenly spaced
            return (short) (sign | (int) Math.rint(Math.abs((double) value) * 0x1p24));
        }
        int rounded = magnitude + 0xfff + (magnitude >>> 13 & 1) - (112 << 23);
        return (short) (sign | rounded >>> 13);
    }

    private static short floatToBfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if ((bits & 0x7fffffff) > 0x7f800000) {
            return (short) (bits >>> 16 | 0x40); // rounding could carry a NaN's mantissa into its sign
        }
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }
}
