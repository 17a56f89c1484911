package ai.rpo.core.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Python's operators on numbers, text and lists. */
final class Arithmetic {

    private static final long LONGEST_REPEAT = 100_000;

    private Arithmetic() {}

    static Object negate(Object value) {
        Number number = number(value);
        return Integers.isWhole(number) ? Integers.of(Integers.big(number).negate()) : (Object) (-number.doubleValue());
    }

    static Object apply(String operator, Object left, Object right) {
        if (operator.equals("~")) {
            return Values.text(left) + Values.text(right);
        }
        requireDefined(left);
        requireDefined(right);
        if (operator.equals("+") && left instanceof String a && right instanceof String b) {
            return a + b;
        }
        if (operator.equals("+")
                && left instanceof List<?> a
                && right instanceof List<?> b
                && a instanceof Tuple == b instanceof Tuple) {
            List<Object> joined = new ArrayList<>(a);
            joined.addAll(b);
            return a instanceof Tuple ? new Tuple(joined) : joined;
        }
        if (operator.equals("*") && left instanceof String text && right instanceof Long times) {
            return repeat(text, times);
        }
        if (operator.equals("*") && left instanceof Long times && right instanceof String text) {
            return repeat(text, times);
        }
        if (!Values.isNumber(left) || !Values.isNumber(right)) {
            throw new TemplateException(
                    Values.describe(left) + " " + operator + " " + Values.describe(right) + " is not possible");
        }
        Number a = number(left);
        Number b = number(right);
        boolean whole = Integers.isWhole(a) && Integers.isWhole(b);
        if (!operator.equals("+")
                && !operator.equals("-")
                && !operator.equals("*")
                && !operator.equals("**")
                && b.doubleValue() == 0) {
            throw new TemplateException("division by zero");
        }
        if (whole && operator.equals("/")) {
            return Integers.quotient(Integers.big(a), Integers.big(b));
        }
        return whole && !(operator.equals("**") && b.doubleValue() < 0)
                ? ofWhole(operator, Integers.big(a), Integers.big(b))
                : (Object) ofReal(operator, Integers.real(a), Integers.real(b));
    }

    private static Number ofWhole(String operator, BigInteger a, BigInteger b) {
        return switch (operator) {
            case "+" -> Integers.of(a.add(b));
            case "-" -> Integers.of(a.subtract(b));
            case "*" -> Integers.of(a.multiply(b));
            case "//" -> Integers.of(a.subtract(floorMod(a, b)).divide(b));
            case "%" -> Integers.of(floorMod(a, b));
            case "**" -> Integers.power(a, b);
            default -> throw new IllegalStateException(operator);
        };
    }

    /** Gives a remainder of the divisor's sign, as in Python. */
    private static BigInteger floorMod(BigInteger a, BigInteger b) {
        BigInteger rest = a.remainder(b);
        return rest.signum() != 0 && rest.signum() != b.signum() ? rest.add(b) : rest;
    }

    private static double ofReal(String operator, double x, double y) {
        return switch (operator) {
            case "+" -> x + y;
            case "-" -> x - y;
            case "*" -> x * y;
            case "/" -> x / y;
            case "//" -> Math.floor(x / y);
            case "%" -> x - y * Math.floor(x / y);
            case "**" -> Math.pow(x, y);
            default -> throw new IllegalStateException(operator);
        };
    }

    /** Python's {@code text * times}, within a limit. */
    static String repeat(String text, long times) {
        return text.repeat((int) Math.max(0, Math.min(LONGEST_REPEAT, times)));
    }

    private static void requireDefined(Object value) {
        if (value instanceof Undefined undefined) {
            throw new TemplateException(undefined.why());
        }
    }

    private static Number number(Object value) {
        requireDefined(value);
        return Values.asNumber(value);
    }
}
