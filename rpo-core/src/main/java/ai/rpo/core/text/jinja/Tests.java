package ai.rpo.core.text.jinja;

import ai.rpo.core.text.jinja.Function.Passed;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What stands after {@code is}. */
final class Tests {

    private static final Set<String> KNOWN = Set.of(
            "defined",
            "undefined",
            "none",
            "string",
            "mapping",
            "iterable",
            "sequence",
            "number",
            "integer",
            "float",
            "boolean",
            "true",
            "false",
            "callable",
            "odd",
            "even",
            "divisibleby",
            "lower",
            "upper",
            "in",
            "sameas",
            "eq",
            "equalto",
            "ne",
            "lt",
            "lessthan",
            "le",
            "gt",
            "greaterthan",
            "ge");

    private Tests() {}

    static void check(String name, TokenStream tokens) {
        if (!KNOWN.contains(name)) {
            throw tokens.error("the test " + name + " is not known");
        }
    }

    static boolean holds(String name, Object value, Passed arguments) {
        if (!KNOWN.contains(name)) {
            throw new TemplateException("the test " + name + " is not known");
        }
        return switch (name) {
            case "defined" -> !(value instanceof Undefined);
            case "undefined" -> value instanceof Undefined;
            case "none" -> value == null;
            case "string" -> value instanceof String;
            case "mapping" -> value instanceof Map;
            case "iterable" ->
                value instanceof List || value instanceof Map || value instanceof String || value instanceof Undefined;
            case "sequence" -> value instanceof List || value instanceof Map || value instanceof String;
            case "number" -> Values.isNumber(value);
            case "integer" -> value instanceof Long;
            case "float" -> value instanceof Double;
            case "boolean" -> value instanceof Boolean;
            case "true" -> Boolean.TRUE.equals(value);
            case "false" -> Boolean.FALSE.equals(value);
            case "callable" -> value instanceof Function;
            case "odd" -> Math.floorMod(Values.integer(value), 2L) == 1;
            case "even" -> Math.floorMod(Values.integer(value), 2L) == 0;
            case "divisibleby" -> Values.equal(Arithmetic.apply("%", value, arguments.require(0, "num")), 0L);
            case "lower" -> Values.text(value).equals(Values.text(value).toLowerCase(Locale.ROOT));
            case "upper" -> Values.text(value).equals(Values.text(value).toUpperCase(Locale.ROOT));
            case "in" -> Values.contains(arguments.require(0, "seq"), value);
            case "sameas" -> isSame(value, arguments.require(0, "other"));
            case "eq", "equalto" -> Values.equal(value, arguments.require(0, "other"));
            case "ne" -> !Values.equal(value, arguments.require(0, "other"));
            case "lt", "lessthan" -> Values.compare(value, arguments.require(0, "other")) < 0;
            case "le" -> Values.compare(value, arguments.require(0, "other")) <= 0;
            case "gt", "greaterthan" -> Values.compare(value, arguments.require(0, "other")) > 0;
            case "ge" -> Values.compare(value, arguments.require(0, "other")) >= 0;
            default -> throw new IllegalStateException(name);
        };
    }

    /** Identity, of which equal small values have one in Python. */
    private static boolean isSame(Object value, Object other) {
        boolean immutable = !(value instanceof List) && !(value instanceof Map);
        return value == other || immutable && value != null && value.equals(other);
    }
}
