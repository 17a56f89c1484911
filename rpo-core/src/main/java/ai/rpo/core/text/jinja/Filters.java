package ai.rpo.core.text.jinja;

import ai.rpo.core.text.jinja.Function.Passed;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Applies what stands after {@code |}. */
final class Filters {

    private static final List<String> NONE = List.of();

    /** Lists of each filter its parameters, in their order. */
    private static final Map<String, List<String>> PARAMETERS = Map.ofEntries(
            Map.entry("trim", List.of("chars")),
            Map.entry("length", NONE),
            Map.entry("count", NONE),
            Map.entry("upper", NONE),
            Map.entry("lower", NONE),
            Map.entry("capitalize", NONE),
            Map.entry("title", NONE),
            Map.entry("join", List.of("d", "attribute")),
            Map.entry("default", List.of("default_value", "boolean")),
            Map.entry("d", List.of("default_value", "boolean")),
            Map.entry("first", NONE),
            Map.entry("last", NONE),
            Map.entry("list", NONE),
            Map.entry("string", NONE),
            Map.entry("int", List.of("default", "base")),
            Map.entry("float", List.of("default")),
            Map.entry("tojson", List.of("ensure_ascii", "indent", "separators", "sort_keys")),
            Map.entry("items", NONE),
            Map.entry("replace", List.of("old", "new", "count")),
            Map.entry("indent", List.of("width", "first", "blank")),
            Map.entry("safe", NONE),
            Map.entry("escape", NONE),
            Map.entry("e", NONE),
            Map.entry("round", List.of("precision", "method")),
            Map.entry("abs", NONE),
            Map.entry("sort", List.of("reverse", "case_sensitive", "attribute")),
            Map.entry("unique", List.of("case_sensitive", "attribute")),
            Map.entry("reverse", NONE),
            Map.entry("sum", List.of("attribute", "start")),
            Map.entry("min", List.of("case_sensitive", "attribute")),
            Map.entry("max", List.of("case_sensitive", "attribute")),
            Map.entry("dictsort", List.of("case_sensitive", "by", "reverse")));

    /** They hand their arguments on to another filter, or to a test. */
    private static final Set<String> OF_OTHERS = Set.of("map", "select", "reject", "selectattr", "rejectattr");

    private Filters() {}

    static void check(String name, TokenStream tokens) {
        if (!PARAMETERS.containsKey(name) && !OF_OTHERS.contains(name)) {
            throw tokens.error("the filter " + name + " is not known");
        }
    }

    static Object apply(String name, Object value, Passed arguments) {
        if (PARAMETERS.containsKey(name)) {
            arguments.of("the filter " + name, PARAMETERS.get(name));
        }
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
            case "title" -> PythonText.titleOfFilter(Values.text(value));
            case "string", "safe" -> Values.text(value);
            case "escape", "e" -> escape(Values.text(value));
            case "replace" ->
                PythonText.replace(
                        Values.text(value),
                        Values.text(arguments.require(0, "old")),
                        Values.text(arguments.require(1, "new")),
                        arguments.get(2, "count", null) == null ? -1 : arguments.integer(2, "count", -1));
            case "indent" -> {
                if (!(value instanceof String)) {
                    throw new TemplateException("the filter indent takes text, but is given " + Values.describe(value));
                }
                yield indent(Values.text(value), arguments);
            }
            case "int" -> toInt(value, arguments);
            case "float" -> toFloat(value, arguments.get(0, "default", 0.0));
            case "abs" ->
                Integers.isWhole(Values.asNumber(value))
                        ? Integers.of(Integers.big(Values.asNumber(value)).abs())
                        : (Object) Math.abs(Values.asNumber(value).doubleValue());
            case "round" -> Rounding.apply(value, arguments);
            case "tojson" -> JsonText.of(value, arguments);
            case "items" -> new Generated(value instanceof Undefined ? List.of() : entries(dictionary(value)));
            case "dictsort" -> dictsort(value, arguments);
            default -> ofSequence(name, value, arguments);
        };
    }

    private static Object ofSequence(String name, Object value, Passed arguments) {
        if (OF_OTHERS.contains(name) && !Values.isTrue(value)) {
            return new Generated(List.of()); // of none too, and whatever the arguments
        }
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
            case "map" -> new Generated(map(items, arguments));
            case "select" -> new Generated(select(items, arguments, 0, item -> item, true));
            case "reject" -> new Generated(select(items, arguments, 0, item -> item, false));
            case "selectattr" -> new Generated(selectByAttribute(items, arguments, true));
            case "rejectattr" -> new Generated(selectByAttribute(items, arguments, false));
            case "sort" -> {
                Comparator<Object> order = Values.order(Values.isTrue(arguments.get(1, "case_sensitive", false)));
                Comparator<Object> byKey = byAttributes(arguments.get(2, "attribute", null), order);
                items.sort(Values.isTrue(arguments.get(0, "reverse", false)) ? byKey.reversed() : byKey);
                yield items;
            }
            case "unique" -> new Generated(unique(items, arguments));
            case "reverse" -> {
                Collections.reverse(items);
                yield value instanceof String
                        ? items.stream().map(Values::text).collect(Collectors.joining())
                        : new Generated(items);
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
                Object attribute = arguments.get(1, "attribute", null);
                Comparator<Object> byKey = Values.order(Values.isTrue(arguments.get(0, "case_sensitive", false)));
                Comparator<Object> order =
                        attribute == null ? byKey : Comparator.comparing(item -> path(item, attribute), byKey);
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

    private static List<Object> dictsort(Object value, Passed arguments) {
        Object by = arguments.get(1, "by", "key");
        if (!"key".equals(by) && !"value".equals(by)) {
            throw new TemplateException("the argument by of dictsort must be key or value");
        }
        List<Object> entries = entries(dictionary(value));
        Comparator<Object> order = Comparator.comparing(
                entry -> ((List<?>) entry).get("key".equals(by) ? 0 : 1),
                Values.order(Values.isTrue(arguments.get(0, "case_sensitive", false))));
        entries.sort(Values.isTrue(arguments.get(2, "reverse", false)) ? order.reversed() : order);
        return entries;
    }

    /** Compares by one attribute or, with commas between them, by several. */
    private static Comparator<Object> byAttributes(Object attribute, Comparator<Object> byValue) {
        if (attribute == null) {
            return byValue;
        }
        Comparator<Object> order =
                (a, b) -> a instanceof Undefined && b instanceof Undefined ? 0 : byValue.compare(a, b);
        if (!(attribute instanceof String names)) {
            return Comparator.comparing(item -> path(item, attribute), order);
        }
        return Stream.of(names.split(",", -1))
                .map(name -> Comparator.comparing((Object item) -> path(item, name), order))
                .reduce(Comparator::thenComparing)
                .orElseThrow();
    }

    private static List<Object> map(List<Object> items, Passed arguments) {
        List<Object> mapped = new ArrayList<>();
        if (arguments.positional().isEmpty() && arguments.named().containsKey("attribute")) {
            arguments.named().keySet().forEach(name -> {
                if (!name.equals("attribute") && !name.equals("default")) {
                    throw new TemplateException("the filter map takes no argument " + name + " beside attribute");
                }
            });
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
        if (arguments.positional().isEmpty()) {
            throw new TemplateException("an argument is missing: attribute");
        }
        Object attribute = arguments.positional().get(0);
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

    private static List<Object> unique(List<Object> items, Passed arguments) {
        boolean caseSensitive = Values.isTrue(arguments.get(0, "case_sensitive", false));
        Object attribute = arguments.get(1, "attribute", null);
        Set<Object> seen = new HashSet<>();
        List<Object> unique = new ArrayList<>();
        for (Object item : items) {
            Object key = attribute == null ? item : path(item, attribute);
            if (key instanceof Map || key instanceof List && !(key instanceof Tuple)) {
                throw new TemplateException(Values.kind(key) + " cannot be looked for among others");
            }
            if (seen.add(key instanceof String text && !caseSensitive ? text.toLowerCase(Locale.ROOT) : plain(key))) {
                unique.add(item);
            }
        }
        return unique;
    }

    /** Gives the same for values that are equal, such as 1, 1.0 and true. */
    private static Object plain(Object key) {
        if (!Values.isNumber(key)) {
            return key instanceof Undefined ? Undefined.class : key;
        }
        Number number = Values.asNumber(key);
        boolean whole = number instanceof Double real && real == Math.rint(real) && !real.isInfinite();
        return whole ? NumberText.truncated(number.doubleValue()) : number;
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
        List<String> lines = PythonText.lines(text + "\n", false);
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < lines.size(); i++) {
            boolean indented = i == 0 ? first : blank || !lines.get(i).isEmpty();
            out.append(i == 0 ? "" : "\n").append(indented ? space : "").append(lines.get(i));
        }
        return out.toString();
    }

    private static Object toInt(Object value, Passed arguments) {
        requireDefined(value);
        if (Values.isNumber(value)) {
            Number number = Values.asNumber(value);
            return number instanceof Double real ? NumberText.truncated(real) : number;
        }
        Object byDefault = arguments.get(0, "default", 0L);
        if (!(value instanceof String text)) {
            return byDefault;
        }
        return NumberText.whole(text, arguments.integer(1, "base", 10))
                .or(() -> NumberText.real(text)
                        .filter(real -> !real.isNaN() && !real.isInfinite())
                        .map(NumberText::truncated))
                .<Object>map(number -> number)
                .orElse(byDefault);
    }

    private static Object toFloat(Object value, Object byDefault) {
        requireDefined(value);
        if (Values.isNumber(value)) {
            return Integers.real(Values.asNumber(value));
        }
        return value instanceof String text
                ? NumberText.real(text).<Object>map(real -> real).orElse(byDefault)
                : byDefault;
    }

    private static void requireDefined(Object value) {
        if (value instanceof Undefined undefined) {
            throw new TemplateException(undefined.why());
        }
    }
}
