package ai.rpo.core.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Reads numbers as Python's {@code int} and {@code float} do. */
final class NumberText {

    private static final Pattern FLOAT =
            Pattern.compile("[+-]?(\\d+(_\\d+)*\\.?|(\\d+(_\\d+)*)?\\.\\d+(_\\d+)*)([eE][+-]?\\d+(_\\d+)*)?");
    private static final Pattern NO_NUMBER = Pattern.compile("([+-]?)(inf|infinity|nan)");

    private NumberText() {}

    /** {@code int(text, base)}; empty where that is a ValueError. */
    static Optional<Number> whole(String text, long base) {
        if (base != 0 && (base < Character.MIN_RADIX || base > Character.MAX_RADIX)) {
            return Optional.empty();
        }
        String digits = PythonText.strip(text, null);
        boolean negative = digits.startsWith("-");
        if (negative || digits.startsWith("+")) {
            digits = digits.substring(1);
        }
        int radix = (int) base;
        int prefixed = digits.length() < 2 || digits.charAt(0) != '0' ? 0 : prefix(digits.charAt(1));
        if (prefixed > 0 && (base == 0 || base == prefixed)) {
            radix = prefixed;
            digits = digits.substring(2).replaceFirst("^_", "");
        } else if (base == 0) {
            radix = 10;
            if (digits.matches("0[0-9_]*[1-9].*")) {
                return Optional.empty(); // as in a program, where it once was octal
            }
        }
        if (digits.isEmpty() || digits.startsWith("_") || digits.endsWith("_") || digits.contains("__")) {
            return Optional.empty();
        }
        String plain = digits.replace("_", "");
        if (plain.length() > Integers.MOST_DIGITS && Integer.bitCount(radix) != 1) {
            return Optional.empty(); // as Python, which only reads longer ones where that is quick
        }
        int itsRadix = radix;
        if (!plain.codePoints().allMatch(c -> Character.digit(c, itsRadix) >= 0)) {
            return Optional.empty();
        }
        BigInteger value = new BigInteger(plain, radix);
        return Optional.of(Integers.of(negative ? value.negate() : value));
    }

    private static int prefix(char letter) {
        return switch (letter) {
            case 'x', 'X' -> 16;
            case 'o', 'O' -> 8;
            case 'b', 'B' -> 2;
            default -> 0;
        };
    }

    /** {@code float(text)}; empty where that is a ValueError. */
    static Optional<Double> real(String text) {
        String stripped = PythonText.strip(text, null);
        var special = NO_NUMBER.matcher(stripped.toLowerCase(Locale.ROOT));
        if (special.matches()) {
            double value = special.group(2).equals("nan") ? Double.NaN : Double.POSITIVE_INFINITY;
            return Optional.of(special.group(1).equals("-") ? -value : value);
        }
        return FLOAT.matcher(stripped).matches()
                ? Optional.of(Double.parseDouble(stripped.replace("_", "")))
                : Optional.empty();
    }

    /** {@code int(number)}, which cuts what follows the point. */
    static Number truncated(double value) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            throw new TemplateException(Values.number(value) + " is no whole number");
        }
        return Integers.of(new BigDecimal(value).toBigInteger());
    }
}
