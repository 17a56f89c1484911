package ai.rpo.core.text.jinja;

import ai.rpo.core.text.jinja.Function.Passed;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Applies what stands after {@code is}. */
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

    /** Those that compare with something; the others take no argument. */
    private static final Set<String> TAKE_ONE = Set.of(
            "eq", "equalto", "ne", "lt", "lessthan", "le", "gt", "greaterthan", "ge", "sameas", "in", "divisibleby");

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
        arguments.atMost(TAKE_ONE.contains(name) ? 1 : 0, "the test " + name);
        return switch (name) {
            case "defined" -> !(value instanceof Undefined);
            case "undefined" -> value instanceof Undefined;
            case "none" -> value == null;
            case "string" -> value instanceof String;
            case "mapping" -> value instanceof Map;
            case "iterable" ->
                isSequence(value) || value instanceof View || value instanceof Generated || value instanceof LoopState;
            case "sequence" -> isSequence(value);
            case "number" -> Values.isNumber(value);
            case "integer" -> Integers.isWhole(value);
            case "float" -> value instanceof Double;
            case "boolean" -> value instanceof Boolean;
            case "true" -> Boolean.TRUE.equals(value);
            case "false" -> Boolean.FALSE.equals(value);
            case "callable" -> value instanceof Function || value instanceof Undefined;
            case "odd" -> Values.equal(Arithmetic.apply("%", value, 2L), 1L);
            case "even" -> Values.equal(Arithmetic.apply("%", value, 2L), 0L);
            case "divisibleby" -> Values.equal(Arithmetic.apply("%", value, arguments.require(0, "num")), 0L);
            case "lower" -> PythonText.isInCase(Values.text(value), true);
            case "upper" -> PythonText.isInCase(Values.text(value), false);
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

    /** Tells whether a value can be indexed; jinja2 takes what is missing for it, too. */
    private static boolean isSequence(Object value) {
        return value instanceof List || value instanceof Map || value instanceof String || value instanceof Undefined;
    }

    /** Identity, of which equal small values have one in Python. */
    private static boolean isSame(Object value, Object other) {
        boolean immutable = !(value instanceof List) && !(value instanceof Map);
        return value == other || immutable && value != null && value.equals(other);
    }
}
