package ai.rpo.core.text.jinja;

import java.util.ArrayList;
import java.util.List;

/** Python's operators on numbers, text and lists. */
final class Arithmetic {

    private static final long LONGEST_REPEAT = 100_000;

    private Arithmetic() {}

    static Object negate(Object value) {
        return number(value) instanceof Long number
                ? -number
                : (Object) (-number(value).doubleValue());
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
        if (operator.equals("+") && left instanceof List<?> a && right instanceof List<?> b) {
            List<Object> joined = new ArrayList<>(a);
            joined.addAll(b);
            return joined;
        }
        if (operator.equals("*") && left instanceof String text && right instanceof Long times) {
            return repeat(text, times);
        }
        if (!Values.isNumber(left) || !Values.isNumber(right)) {
            throw new TemplateException(
                    Values.describe(left) + " " + operator + " " + Values.describe(right) + " is not possible");
        }
        Number a = number(left);
        Number b = number(right);
        boolean whole = a instanceof Long && b instanceof Long;
        if (!operator.equals("+")
                && !operator.equals("-")
                && !operator.equals("*")
                && !operator.equals("**")
                && b.doubleValue() == 0) {
            throw new TemplateException("division by zero");
        }
        double x = a.doubleValue();
        double y = b.doubleValue();
        return switch (operator) {
            case "+" -> whole ? (Object) (a.longValue() + b.longValue()) : (Object) (x + y);
            case "-" -> whole ? (Object) (a.longValue() - b.longValue()) : (Object) (x - y);
            case "*" -> whole ? (Object) (a.longValue() * b.longValue()) : (Object) (x * y);
            case "/" -> x / y;
            case "//" -> whole ? (Object) Math.floorDiv(a.longValue(), b.longValue()) : (Object) Math.floor(x / y);
            case "%" ->
                whole ? (Object) Math.floorMod(a.longValue(), b.longValue()) : (Object) (x - y * Math.floor(x / y));
            case "**" -> whole && y >= 0 ? (Object) Math.round(Math.pow(x, y)) : (Object) Math.pow(x, y);
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
