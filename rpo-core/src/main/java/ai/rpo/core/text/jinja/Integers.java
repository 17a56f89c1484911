package ai.rpo.core.text.jinja;

import java.math.BigInteger;

/** Whole numbers of any size: a {@link Long} where it fits, else a {@link BigInteger}. */
final class Integers {

    private static final int MOST_BITS = 1 << 16;

    private Integers() {}

    static boolean isWhole(Object value) {
        return value instanceof Long || value instanceof BigInteger;
    }

    /**
     * @throws TemplateException where it is so large that no template can mean it
     */
    static Number of(BigInteger value) {
        if (value.bitLength() > MOST_BITS) {
            throw new TemplateException("a whole number has more than " + MOST_BITS + " bits");
        }
        return value.bitLength() < Long.SIZE ? (Number) value.longValue() : value;
    }

    /** @param whole of which {@link #isWhole} holds */
    static BigInteger big(Number whole) {
        return whole instanceof BigInteger big ? big : BigInteger.valueOf(whole.longValue());
    }

    static Number power(BigInteger base, BigInteger exponent) {
        int bits = base.abs().bitLength();
        if (bits > 1 && (double) bits * exponent.doubleValue() > MOST_BITS) {
            throw new TemplateException("a whole number has more than " + MOST_BITS + " bits");
        }
        if (bits <= 1) {
            boolean odd = exponent.testBit(0);
            return exponent.signum() == 0 ? 1L : base.signum() >= 0 || odd ? of(base) : (Number) 1L;
        }
        return of(base.pow(exponent.intValueExact()));
    }
}
