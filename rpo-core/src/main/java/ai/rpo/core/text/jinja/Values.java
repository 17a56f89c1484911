package ai.rpo.core.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Does what Python's values do, on Java's: text, {@link Long} and {@link BigInteger} (see {@link Integers}),
 * {@link Double}, {@link Boolean}, null for None, lists for lists and tuples, maps for dictionaries, {@link Undefined},
 * {@link Namespace}, {@link Function}.
 */
final class Values {

    private Values() {}

    static boolean isTrue(Object value) {
        if (value == null || value instanceof Undefined) {
            return false;
        }
        if (value instanceof Boolean truth) {
            return truth;
        }
        if (value instanceof Number number) {
            return number instanceof BigInteger || number.doubleValue() != 0;
        }
        if (value instanceof String text) {
            return !text.isEmpty();
        }
        if (value instanceof List<?> list) {
            return !list.isEmpty();
        }
        if (value instanceof View view) {
            return !view.items().isEmpty();
        }
        return !(value instanceof Map<?, ?> map) || !map.isEmpty();
    }

    /** {@code str(value)}, which is what a template prints. */
    static String text(Object value) {
        if (value instanceof String text) {
            return text;
        }
        return value instanceof Undefined ? "" : repr(value);
    }

    static String repr(Object value) {
        if (value == null) {
            return "None";
        }
        if (value instanceof Boolean truth) {
            return truth ? "True" : "False";
        }
        if (value instanceof Double number) {
            return number(number);
        }
        if (value instanceof String text) {
            return PythonText.quote(text);
        }
        if (value instanceof Tuple tuple) {
            return tuple.stream()
                    .map(Values::repr)
                    .collect(Collectors.joining(", ", "(", tuple.size() == 1 ? ",)" : ")"));
        }
        if (value instanceof List<?> list) {
            return list.stream().map(Values::repr).collect(Collectors.joining(", ", "[", "]"));
        }
        if (value instanceof Map<?, ?> map) {
            return map.entrySet().stream()
                    .map(entry -> repr(entry.getKey()) + ": " + repr(entry.getValue()))
                    .collect(Collectors.joining(", ", "{", "}"));
        }
        if (Integers.isWhole(value)) {
            return Integers.text((Number) value);
        }
        if (value instanceof View view) {
            return view.name() + "(" + repr(view.items()) + ")";
        }
        if (value instanceof Undefined) {
            return "Undefined";
        }
        throw new TemplateException(kind(value) + " cannot be printed");
    }

    /** A floating-point number as Python writes it. */
    static String number(double value) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return Double.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }
        BigDecimal decimal = shortest(value);
        int exponent = decimal.precision() - decimal.scale() - 1;
        if (value != 0 && (exponent < -4 || exponent >= 16)) {
            String digits = decimal.unscaledValue().abs().toString();
            String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
            return String.format(
                    Locale.ROOT,
                    "%s%se%s%02d",
                    value < 0 ? "-" : "",
                    mantissa,
                    exponent < 0 ? "-" : "+",
                    Math.abs(exponent));
        }
        String plain = decimal.toPlainString();
        String sign = value == 0 && 1 / value < 0 ? "-" : "";
        return sign + (plain.contains(".") ? plain : plain + ".0");
    }

    /**
     * The decimal of the fewest digits that reads as this double, and the nearest of those; Java's own may have more.
     */
    private static BigDecimal shortest(double value) {
        BigDecimal shortest = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        Optional<BigDecimal> found = ofDigits(value, shortest.precision());
        while (found.isPresent()) {
            shortest = found.get();
            found = shortest.precision() == 1 ? Optional.empty() : ofDigits(value, shortest.precision() - 1);
        }
        return shortest;
    }

    private static Optional<BigDecimal> ofDigits(double value, int digits) {
        BigDecimal exact = new BigDecimal(value);
        // Doubles below a power of two lie closer than those above it, so the nearest decimal may be another double's.
        return Stream.of(RoundingMode.HALF_EVEN, RoundingMode.UP)
                .map(mode -> exact.round(new MathContext(digits, mode)).stripTrailingZeros())
                .filter(decimal -> decimal.doubleValue() == value)
                .findFirst();
    }

    /** Gives what a value is, for an error message. */
    static String kind(Object value) {
        if (value == null) {
            return "none";
        }
        if (value instanceof String) {
            return "text";
        }
        if (isNumber(value)) {
            return "a number";
        }
        if (value instanceof List) {
            return "a list";
        }
        return value instanceof Map ? "a dictionary" : "an object of the template";
    }

    static boolean equal(Object left, Object right) {
        if (left instanceof Undefined && right instanceof Undefined) {
            return true;
        }
        if (isNumber(left) && isNumber(right)) {
            return compareNumbers(left, right) == 0;
        }
        if (left instanceof List<?> a && right instanceof List<?> b) {
            if (a.size() != b.size() || a instanceof Tuple != b instanceof Tuple) {
                return false;
            }
            for (int i = 0; i < a.size(); i++) {
                if (!equal(a.get(i), b.get(i))) {
                    return false;
                }
            }
            return true;
        }
        if (left instanceof Map<?, ?> a && right instanceof Map<?, ?> b) {
            return a.size() == b.size()
                    && a.entrySet().stream()
                            .allMatch(entry ->
                                    b.containsKey(entry.getKey()) && equal(entry.getValue(), b.get(entry.getKey())));
        }
        return Objects.equals(left, right);
    }

    /** Python's order; an error where it has none. */
    static int compare(Object left, Object right) {
        if (isNumber(left) && isNumber(right)) {
            return compareNumbers(left, right);
        }
        if (left instanceof String a && right instanceof String b) {
            return compareByCodePoints(a, b);
        }
        if (left instanceof List<?> a && right instanceof List<?> b) {
            for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
                if (!equal(a.get(i), b.get(i))) {
                    return compare(a.get(i), b.get(i));
                }
            }
            return Integer.compare(a.size(), b.size());
        }
        throw new TemplateException(kind(left) + " and " + kind(right) + " have no order");
    }

    private static int compareByCodePoints(String a, String b) {
        int[] left = a.codePoints().toArray();
        int[] right = b.codePoints().toArray();
        return Arrays.compare(left, right);
    }

    static Comparator<Object> order(boolean caseSensitive) {
        return caseSensitive
                ? Values::compare
                : Comparator.comparing(
                        value -> value instanceof String text ? text.toLowerCase(Locale.ROOT) : value, Values::compare);
    }

    static boolean isNumber(Object value) {
        return Integers.isWhole(value) || value instanceof Double || value instanceof Boolean;
    }

    static Number asNumber(Object value) {
        if (value instanceof Boolean truth) {
            return truth ? 1L : 0L;
        }
        if (Integers.isWhole(value) || value instanceof Double) {
            return (Number) value;
        }
        throw new TemplateException(describe(value) + " is no number");
    }

    static long integer(Object value) {
        if (asNumber(value) instanceof Long number) {
            return number;
        }
        throw new TemplateException(describe(value) + " is no whole number");
    }

    private static int compareNumbers(Object left, Object right) {
        Number a = asNumber(left);
        Number b = asNumber(right);
        boolean both = isFinite(a) && isFinite(b);
        // What is whole is below infinity, however large.
        return both ? decimal(a).compareTo(decimal(b)) : Double.compare(orNothing(a), orNothing(b));
    }

    private static double orNothing(Number number) {
        return number instanceof Double real ? real : 0;
    }

    private static boolean isFinite(Number number) {
        return !(number instanceof Double real) || Double.isFinite(real);
    }

    private static BigDecimal decimal(Number number) {
        return number instanceof Double real ? new BigDecimal(real) : new BigDecimal(Integers.big(number));
    }

    static boolean contains(Object container, Object value) {
        if (container instanceof String text && value instanceof String part) {
            return text.contains(part);
        }
        if (container instanceof List<?> list) {
            return list.stream().anyMatch(item -> equal(item, value));
        }
        if (container instanceof Map<?, ?> map) {
            if (value instanceof List && !(value instanceof Tuple) || value instanceof Map || value instanceof View) {
                throw new TemplateException(kind(value) + " is no key of a dictionary");
            }
            return map.containsKey(value);
        }
        if (container instanceof Undefined) {
            return false;
        }
        if (container instanceof View || container instanceof Generated) {
            return items(container).stream().anyMatch(item -> equal(item, value));
        }
        throw new TemplateException(describe(container) + " cannot contain " + describe(value));
    }

    /** Gives what a loop over the value goes through: items, keys or characters. */
    static List<Object> items(Object value) {
        if (value instanceof List<?> list) {
            return new ArrayList<>(list);
        }
        if (value instanceof Map<?, ?> map) {
            return new ArrayList<>(map.keySet());
        }
        if (value instanceof String text) {
            return text.codePoints()
                    .mapToObj(c -> (Object) new String(Character.toChars(c)))
                    .collect(Collectors.toCollection(ArrayList::new));
        }
        if (value instanceof Undefined) {
            return new ArrayList<>();
        }
        if (value instanceof View view) {
            return new ArrayList<>(view.items());
        }
        if (value instanceof Generated generated) {
            return generated.take();
        }
        throw new TemplateException(describe(value) + " cannot be looped over");
    }

    static long length(Object value) {
        if (value instanceof String text) {
            return text.codePointCount(0, text.length());
        }
        if (value instanceof Map<?, ?> map) {
            return map.size();
        }
        if (value instanceof List<?> list) {
            return list.size();
        }
        if (value instanceof View view) {
            return view.items().size();
        }
        if (value instanceof Undefined) {
            return 0;
        }
        throw new TemplateException(describe(value) + " has no length");
    }

    /** A value for an error message. */
    static String describe(Object value) {
        return value instanceof Undefined undefined ? undefined.why() : kind(value);
    }
}
