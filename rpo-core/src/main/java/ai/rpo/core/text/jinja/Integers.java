package ai.rpo.core.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;

/** Whole numbers of any size: a {@link Long} where it fits, else a {@link BigInteger}. */
final class Integers {

    /** Python writes and reads no more. */
    static final int MOST_DIGITS = 4300;

    private static final int MOST_BITS = 1 << 16;

    /** Rounds a quotient by far enough for its nearest double. */
    private static final MathContext QUOTIENT = new MathContext(400);

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

    /**
     * {@code str(whole)}.
     *
     * @throws TemplateException beyond Python's limit
     */
    static String text(Number whole) {
        String text = whole.toString();
        if (text.length() - (text.startsWith("-") ? 1 : 0) > MOST_DIGITS) {
            throw new TemplateException("a whole number has more than " + MOST_DIGITS + " digits");
        }
        return text;
    }

    /**
     * {@code float(number)}.
     *
     * @throws TemplateException where it is whole and larger than any double
     */
    static double real(Number number) {
        return isWhole(number) ? finite(big(number).doubleValue()) : number.doubleValue();
    }

    /** {@code a / b}, rounded once. */
    static double quotient(BigInteger a, BigInteger b) {
        return finite(new BigDecimal(a).divide(new BigDecimal(b), QUOTIENT).doubleValue());
    }

    private static double finite(double value) {
        if (Double.isInfinite(value)) {
            throw new TemplateException("a whole number is too large for a floating-point number");
        }
        return value;
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
