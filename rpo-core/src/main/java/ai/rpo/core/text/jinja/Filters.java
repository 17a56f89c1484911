package ai.rpo.core.text.jinja;

import ai.rpo.core.text.jinja.Function.Passed;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** What stands after {@code |}. */
final class Filters {

    private static final Set<String> KNOWN = Set.of(
            "trim",
            "length",
            "count",
            "upper",
            "lower",
            "capitalize",
            "title",
            "join",
            "default",
            "d",
            "first",
            "last",
            "list",
            "string",
            "int",
            "float",
            "tojson",
            "items",
            "map",
            "select",
            "reject",
            "selectattr",
            "rejectattr",
            "replace",
            "indent",
            "safe",
            "escape",
            "e",
            "round",
            "abs",
            "sort",
            "unique",
            "reverse",
            "sum",
            "min",
            "max",
            "dictsort");

    private Filters() {}

    static void check(String name, TokenStream tokens) {
        if (!KNOWN.contains(name)) {
            throw tokens.error("the filter " + name + " is not known");
        }
    }

    static Object apply(String name, Object value, Passed arguments) {
        return switch (name) {
            case "default", "d" -> {
                boolean falseToo = Values.isTrue(arguments.get(1, "boolean", false));
                boolean missing = value instanceof Undefined || falseToo && !Values.isTrue(value);
                yield missing ? arguments.get(0, "default_value", "") : value;
            }
            case "trim" -> PythonText.strip(Values.text(value), Methods.characters(arguments));
            case "length", "count" -> Values.length(value);
            case "upper" -> Values.text(value).toUpperCase(Locale.ROOT);
            case "lower" -> Values.text(value).toLowerCase(Locale.ROOT);
            case "capitalize" -> PythonText.capitalize(Values.text(value));
            case "title" -> PythonText.title(Values.text(value));
            case "string", "safe" -> Values.text(value);
            case "escape", "e" -> escape(Values.text(value));
            case "replace" ->
                PythonText.replace(
                        Values.text(value),
                        arguments.text(0, "old"),
                        arguments.text(1, "new"),
                        arguments.integer(2, "count", -1));
            case "indent" -> indent(Values.text(value), arguments);
            case "int" -> toInt(value, arguments.get(0, "default", 0L));
            case "float" -> toFloat(value, arguments.get(0, "default", 0.0));
            case "abs" ->
                Values.asNumber(value) instanceof Long number
                        ? (Object) Math.abs(number)
                        : (Object) Math.abs(Values.asNumber(value).doubleValue());
            case "round" -> Rounding.apply(value, arguments);
            case "tojson" -> JsonText.of(value, arguments);
            case "items" -> value instanceof Undefined ? List.of() : entries(dictionary(value));
            case "dictsort" -> {
                List<Object> entries = entries(dictionary(value));
                entries.sort(Comparator.comparing(entry -> ((List<?>) entry).get(0), Values.order(false)));
                yield entries;
            }
            default -> ofSequence(name, value, arguments);
        };
    }

    private static Object ofSequence(String name, Object value, Passed arguments) {
        List<Object> items = Values.items(value);
        return switch (name) {
            case "join" -> {
                Object attribute = arguments.get(1, "attribute", null);
                yield items.stream()
                        .map(item -> Values.text(attribute == null ? item : path(item, attribute)))
                        .collect(Collectors.joining(Values.text(arguments.get(0, "d", ""))));
            }
            case "first" -> items.isEmpty() ? new Undefined("an empty sequence has no first item") : items.get(0);
            case "last" ->
                items.isEmpty() ? new Undefined("an empty sequence has no last item") : items.get(items.size() - 1);
            case "list" -> items;
            case "map" -> map(items, arguments);
            case "select" -> select(items, arguments, 0, item -> item, true);
            case "reject" -> select(items, arguments, 0, item -> item, false);
            case "selectattr" -> selectByAttribute(items, arguments, true);
            case "rejectattr" -> selectByAttribute(items, arguments, false);
            case "sort" -> {
                Object attribute = arguments.get(2, "attribute", null);
                Comparator<Object> order = Values.order(Values.isTrue(arguments.get(1, "case_sensitive", false)));
                Comparator<Object> byKey =
                        attribute == null ? order : Comparator.comparing(item -> path(item, attribute), order);
                items.sort(Values.isTrue(arguments.get(0, "reverse", false)) ? byKey.reversed() : byKey);
                yield items;
            }
            case "unique" -> unique(items, Values.isTrue(arguments.get(0, "case_sensitive", false)));
            case "reverse" -> {
                Collections.reverse(items);
                yield value instanceof String ? items.stream().map(Values::text).collect(Collectors.joining()) : items;
            }
            case "sum" -> {
                Object attribute = arguments.get(0, "attribute", null);
                Object sum = arguments.get(1, "start", 0L);
                for (Object item : items) {
                    sum = Arithmetic.apply("+", sum, attribute == null ? item : path(item, attribute));
                }
                yield sum;
            }
            case "min", "max" -> {
                Comparator<Object> order = Values.order(false);
                yield items.stream()
                        .min(name.equals("min") ? order : order.reversed())
                        .orElse(new Undefined("an empty sequence has no " + name));
            }
            default -> throw new TemplateException("the filter " + name + " is not known");
        };
    }

    static List<Object> entries(Map<?, ?> map) {
        List<Object> entries = new ArrayList<>();
        map.forEach((key, value) -> {
            List<Object> entry = new ArrayList<>();
            entry.add(key);
            entry.add(value);
            entries.add(new Tuple(entry));
        });
        return entries;
    }

    private static Map<?, ?> dictionary(Object value) {
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw new TemplateException(Values.describe(value) + " is no dictionary");
    }

    /** An attribute of an attribute, written with points; a number is an index. */
    private static Object path(Object item, Object attribute) {
        if (attribute instanceof Long) {
            return Lookup.item(item, attribute);
        }
        Object found = item;
        for (String name : Values.text(attribute).split("\\.")) {
            boolean index = !name.isEmpty() && name.chars().allMatch(Character::isDigit);
            found = Lookup.item(found, index ? (Object) Long.parseLong(name) : name);
        }
        return found;
    }

    private static List<Object> map(List<Object> items, Passed arguments) {
        List<Object> mapped = new ArrayList<>();
        if (arguments.named().containsKey("attribute")) {
            Object byDefault = arguments.named().get("default");
            for (Object item : items) {
                Object found = path(item, arguments.named().get("attribute"));
                mapped.add(found instanceof Undefined && byDefault != null ? byDefault : found);
            }
            return mapped;
        }
        String filter = arguments.text(0, "name");
        Passed rest = rest(arguments, 1);
        items.forEach(item -> mapped.add(apply(filter, item, rest)));
        return mapped;
    }

    private static List<Object> selectByAttribute(List<Object> items, Passed arguments, boolean wanted) {
        Object attribute = arguments.require(0, "attribute");
        return select(items, arguments, 1, item -> path(item, attribute), wanted);
    }

    private static List<Object> select(
            List<Object> items,
            Passed arguments,
            int testAt,
            java.util.function.Function<Object, Object> key,
            boolean wanted) {
        Predicate<Object> test = arguments.positional().size() <= testAt
                ? item -> Values.isTrue(key.apply(item))
                : item -> Tests.holds(
                        testName(arguments.text(testAt, "test")), key.apply(item), rest(arguments, testAt + 1));
        return items.stream()
                .filter(item -> test.test(item) == wanted)
                .collect(Collectors.toCollection(ArrayList::new));
    }

    private static String testName(String name) {
        return switch (name) {
            case "==" -> "eq";
            case "!=" -> "ne";
            case "<" -> "lt";
            case "<=" -> "le";
            case ">" -> "gt";
            case ">=" -> "ge";
            default -> name;
        };
    }

    private static Passed rest(Passed arguments, int from) {
        List<Object> positional = arguments.positional();
        return new Passed(positional.subList(Math.min(from, positional.size()), positional.size()), arguments.named());
    }

    private static List<Object> unique(List<Object> items, boolean caseSensitive) {
        Set<Object> seen = new LinkedHashSet<>();
        List<Object> unique = new ArrayList<>();
        for (Object item : items) {
            if (seen.add(item instanceof String text && !caseSensitive ? text.toLowerCase(Locale.ROOT) : item)) {
                unique.add(item);
            }
        }
        return unique;
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("'", "&#39;")
                .replace("\"", "&#34;");
    }

    private static String indent(String text, Passed arguments) {
        Object width = arguments.get(0, "width", 4L);
        String space = width instanceof String given ? given : Arithmetic.repeat(" ", Values.integer(width));
        boolean first = Values.isTrue(arguments.get(1, "first", false));
        boolean blank = Values.isTrue(arguments.get(2, "blank", false));
        String[] lines = text.split("\n", -1);
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < lines.length; i++) {
            boolean indented = i == 0 ? first : blank || !lines[i].isEmpty();
            out.append(i == 0 ? "" : "\n").append(indented ? space : "").append(lines[i]);
        }
        return out.toString();
    }

    private static Object toInt(Object value, Object byDefault) {
        try {
            if (Values.isNumber(value)) {
                return Values.asNumber(value).longValue();
            }
            String text = PythonText.strip(Values.text(value), null);
            return text.contains(".") ? (long) Double.parseDouble(text) : (Object) Long.parseLong(text);
        } catch (NumberFormatException e) {
            return byDefault;
        }
    }

    private static Object toFloat(Object value, Object byDefault) {
        try {
            return Values.isNumber(value)
                    ? Values.asNumber(value).doubleValue()
                    : (Object) Double.parseDouble(PythonText.strip(Values.text(value), null));
        } catch (NumberFormatException e) {
            return byDefault;
        }
    }
}
