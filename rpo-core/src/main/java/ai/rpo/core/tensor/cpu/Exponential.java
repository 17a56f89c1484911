package ai.rpo.core.tensor.cpu;

/**
 * exp in float32: {@code exp(x) = 2ⁿ·exp(r)} with {@code n = round(x/ln 2)}, and a polynomial for
 * {@code |r| ≤ ln 2/2} (coefficients of Cephes' expf). The constants are shared with the vector form in
 * {@link VectorMath}.
 */
final class Exponential {

    /** Below, the result is 0 or subnormal; above, it is beyond float32. */
    static final float LOWEST = -87.33f;

    static final float HIGHEST = 88.37f;

    static final float LOG2_E = 1.44269504f;
    /** ln 2 in two parts, the first with few digits, so that n times it is exact. */
    static final float LN2_HIGH = 0.693359375f;

    static final float LN2_LOW = -2.12194440e-4f;
    /** 1.5·2²³: adding it rounds to an integer, which then stands in the lowest bits. */
    static final float ROUND = 12582912f;

    static final float C6 = 1.9875691500e-4f;
    static final float C5 = 1.3981999507e-3f;
    static final float C4 = 8.3334519073e-3f;
    static final float C3 = 4.1665795894e-2f;
    static final float C2 = 1.6666665459e-1f;
    static final float C1 = 5.0000001201e-1f;

    static final int EXPONENT_SHIFT = 23;

    private Exponential() {}

    static float of(float x) {
        float clamped = Math.min(Math.max(x, LOWEST), HIGHEST);
        float shifted = clamped * LOG2_E + ROUND;
        float n = shifted - ROUND;
        float r = clamped - n * LN2_HIGH - n * LN2_LOW;
        float p = C6;
        p = p * r + C5;
        p = p * r + C4;
        p = p * r + C3;
        p = p * r + C2;
        p = p * r + C1;
        p = p * (r * r) + r + 1;
        if (x < LOWEST) {
            return 0;
        }
        return Float.intBitsToFloat(Float.floatToRawIntBits(p) + (Float.floatToRawIntBits(shifted) << EXPONENT_SHIFT));
    }
}
