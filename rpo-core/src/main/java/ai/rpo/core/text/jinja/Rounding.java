package ai.rpo.core.text.jinja;

import ai.rpo.core.text.jinja.Function.Passed;
import java.math.BigDecimal;
import java.math.RoundingMode;

/** The filter {@code round}. */
final class Rounding {

    /** No double has more decimal places; digits beyond its largest are zeros. */
    private static final int MOST_PLACES = 1074;

    private Rounding() {}

    static Object apply(Object value, Passed arguments) {
        Number number = Values.asNumber(value);
        long precision = arguments.integer(0, "precision", 0);
        Object method = arguments.get(1, "method", "common");
        if ("common".equals(method)) {
            return common(number, (int) Math.max(-MOST_PLACES, Math.min(MOST_PLACES, precision)));
        }
        double scale = Math.pow(10, precision);
        if ("floor".equals(method)) {
            return Math.floor(number.doubleValue() * scale) / scale;
        }
        if ("ceil".equals(method)) {
            return Math.ceil(number.doubleValue() * scale) / scale;
        }
        throw new TemplateException("the argument method must be common, ceil or floor");
    }

    /** Python's {@code round}: of the exact value, halves to even; a whole number stays one. */
    private static Object common(Number number, int places) {
        if (Integers.isWhole(number)) {
            return Integers.of(new BigDecimal(Integers.big(number))
                    .setScale(Math.min(0, places), RoundingMode.HALF_EVEN)
                    .toBigInteger());
        }
        double value = number.doubleValue();
        return Double.isFinite(value)
                ? Math.copySign(
                        new BigDecimal(value)
                                .setScale(places, RoundingMode.HALF_EVEN)
                                .doubleValue(),
                        value)
                : value;
    }
}
