package ai.rpo.core.text.jinja;

import ai.rpo.core.text.jinja.Function.Passed;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The methods of text and dictionaries that a sandboxed template may call; none of them changes a value. */
final class Methods {

    private static final List<String> SPLIT = List.of("sep", "maxsplit");
    private static final List<String> KEEP_ENDS = List.of("keepends");

    /** Methods that Python knows besides, which therefore hide what a dictionary holds under such a name. */
    private static final Set<String> OTHERS_OF_DICTIONARIES =
            Set.of("clear", "copy", "fromkeys", "pop", "popitem", "setdefault", "update");

    private static final Set<String> OTHERS_OF_LISTS =
            Set.of("append", "clear", "copy", "extend", "insert", "pop", "remove", "reverse", "sort");

    private static final Set<String> OTHERS_OF_TEXT = Set.of(
            "casefold",
            "center",
            "encode",
            "expandtabs",
            "format",
            "format_map",
            "isalnum",
            "isalpha",
            "isascii",
            "isdecimal",
            "isidentifier",
            "isnumeric",
            "isprintable",
            "istitle",
            "ljust",
            "maketrans",
            "partition",
            "rjust",
            "rpartition",
            "swapcase",
            "translate",
            "zfill");

    private Methods() {}

    static Optional<Function> find(Object object, String name) {
        if (object instanceof String text) {
            return Optional.ofNullable(ofText(text, name));
        }
        if (object instanceof Map<?, ?> map) {
            return Optional.ofNullable(ofDictionary(map, name));
        }
        return object instanceof List<?> list ? Optional.ofNullable(ofList(list, name)) : Optional.empty();
    }

    private static Function ofText(String text, String name) {
        return switch (name) {
            case "strip" -> arguments -> PythonText.strip(text, characters(arguments.atMost(1, name)));
            case "lstrip" -> arguments -> PythonText.stripLeft(text, characters(arguments.atMost(1, name)));
            case "rstrip" -> arguments -> PythonText.stripRight(text, characters(arguments.atMost(1, name)));
            case "split", "rsplit" -> arguments -> split(text, arguments.of(name, SPLIT), name.equals("rsplit"));
            case "splitlines" ->
                arguments -> new ArrayList<Object>(PythonText.lines(
                        text, Values.isTrue(arguments.of(name, KEEP_ENDS).get(0, "keepends", false))));
            case "startswith", "endswith" ->
                arguments -> begins(text, arguments.atMost(3, name), name.equals("endswith"));
            case "replace" ->
                arguments -> PythonText.replace(
                        text,
                        arguments.atMost(3, name).text(0, "old"),
                        arguments.text(1, "new"),
                        arguments.integer(2, "count", -1));
            case "upper" -> arguments -> withoutAny(arguments, name, text.toUpperCase(Locale.ROOT));
            case "lower" -> arguments -> withoutAny(arguments, name, text.toLowerCase(Locale.ROOT));
            case "title" -> arguments -> withoutAny(arguments, name, PythonText.title(text));
            case "capitalize" -> arguments -> withoutAny(arguments, name, PythonText.capitalize(text));
            case "find", "rfind", "index", "rindex" -> arguments -> place(text, arguments.atMost(3, name), name);
            case "count" ->
                arguments -> {
                    Slice slice = Slice.of(text, arguments.atMost(3, name));
                    return slice.isBeyond() ? 0L : PythonText.count(slice.text(), arguments.text(0, "sub"));
                };
            case "join" -> arguments -> join(text, arguments.atMost(1, name));
            case "removeprefix" ->
                arguments -> {
                    String prefix = arguments.atMost(1, name).text(0, "prefix");
                    return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
                };
            case "removesuffix" ->
                arguments -> {
                    String suffix = arguments.atMost(1, name).text(0, "suffix");
                    return text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
                };
            case "isdigit" -> arguments -> withoutAny(arguments, name, PythonText.isDigits(text));
            case "isspace" ->
                arguments -> withoutAny(
                        arguments, name, !text.isEmpty() && text.codePoints().allMatch(PythonText::isSpace));
            case "islower", "isupper" ->
                arguments -> withoutAny(arguments, name, PythonText.isInCase(text, name.equals("islower")));
            default -> OTHERS_OF_TEXT.contains(name) ? unsupported(name) : null;
        };
    }

    private static Object withoutAny(Passed arguments, String name, Object value) {
        arguments.atMost(0, name);
        return value;
    }

    private static Function unsupported(String name) {
        return arguments -> {
            throw new TemplateException("the method " + name + " is not supported");
        };
    }

    private static String join(String separator, Passed arguments) {
        List<Object> items = Values.items(arguments.require(0, "iterable"));
        for (Object item : items) {
            if (!(item instanceof String)) {
                throw new TemplateException("join takes text, but is given " + Values.describe(item));
            }
        }
        return items.stream().map(Values::text).collect(Collectors.joining(separator));
    }

    private static Function ofDictionary(Map<?, ?> map, String name) {
        return switch (name) {
            case "items" -> arguments -> withoutAny(arguments, name, new View("dict_items", Filters.entries(map)));
            case "keys" ->
                arguments -> withoutAny(arguments, name, new View("dict_keys", new ArrayList<>(map.keySet())));
            case "values" ->
                arguments -> withoutAny(arguments, name, new View("dict_values", new ArrayList<>(map.values())));
            case "get" ->
                arguments -> {
                    Object key = arguments.atMost(2, name).require(0, "key");
                    return map.containsKey(key) ? map.get(key) : arguments.get(1, "default", null);
                };
            default -> OTHERS_OF_DICTIONARIES.contains(name) ? unsupported(name) : null;
        };
    }

    private static Function ofList(List<?> list, String name) {
        return switch (name) {
            case "index" ->
                arguments -> {
                    int from = (int) bound(arguments.atMost(3, name).integer(1, "start", 0), list.size());
                    int to = (int) bound(arguments.integer(2, "stop", Long.MAX_VALUE), list.size());
                    for (int i = from; i < to; i++) {
                        if (Values.equal(list.get(i), arguments.require(0, "value"))) {
                            return (long) i;
                        }
                    }
                    throw new TemplateException("the list does not hold what index() looks for");
                };
            case "count" ->
                arguments -> list.stream()
                        .filter(item ->
                                Values.equal(item, arguments.atMost(1, name).require(0, "value")))
                        .count();
            default -> OTHERS_OF_LISTS.contains(name) ? unsupported(name) : null;
        };
    }

    /** Gives what to strip; null for white space. */
    static String characters(Passed arguments) {
        return arguments.get(0, "chars", null) == null ? null : arguments.text(0, "chars");
    }

    private static List<Object> split(String text, Passed arguments, boolean fromRight) {
        long limit = arguments.integer(1, "maxsplit", -1);
        if (arguments.get(0, "sep", null) == null) {
            return new ArrayList<>(
                    fromRight ? PythonText.splitAtSpaceFromRight(text, limit) : PythonText.splitAtSpace(text, limit));
        }
        String separator = arguments.text(0, "sep");
        return new ArrayList<>(
                fromRight
                        ? PythonText.splitFromRight(text, separator, limit)
                        : PythonText.split(text, separator, limit));
    }

    /** Tells whether it begins, or ends, with the argument or with one of those in a tuple. */
    private static boolean begins(String text, Passed arguments, boolean end) {
        Object wanted = arguments.require(0, "prefix");
        if (!(wanted instanceof String) && !(wanted instanceof Tuple)) {
            throw new TemplateException("startswith and endswith take text or a tuple of texts");
        }
        Slice slice = Slice.of(text, arguments);
        List<?> all = wanted instanceof Tuple tuple ? tuple : List.of(wanted);
        return !slice.isBeyond()
                && all.stream()
                        .map(Values::text)
                        .anyMatch(part ->
                                end ? slice.text().endsWith(part) : slice.text().startsWith(part));
    }

    private static long place(String text, Passed arguments, String name) {
        Slice slice = Slice.of(text, arguments);
        String part = arguments.text(0, "sub");
        int found = slice.isBeyond()
                ? -1
                : name.startsWith("r")
                        ? slice.text().lastIndexOf(part)
                        : slice.text().indexOf(part);
        if (found < 0 && name.endsWith("index")) {
            throw new TemplateException("the text does not hold what " + name + " looks for");
        }
        return found < 0 ? -1 : slice.start() + slice.text().codePointCount(0, found);
    }

    /**
     * Says what a method looks at where it is given a start and an end, in characters.
     *
     * @param isBeyond whether the start lies behind the end, where nothing is found, not even the empty text
     */
    private record Slice(String text, long start, boolean isBeyond) {

        static Slice of(String text, Passed arguments) {
            int length = text.codePointCount(0, text.length());
            Object givenStart = arguments.get(1, "start", null);
            Object givenEnd = arguments.get(2, "end", null);
            long start = givenStart == null ? 0 : Values.integer(givenStart);
            start = start < 0 ? Math.max(0, start + length) : start;
            long end = givenEnd == null ? length : bound(Values.integer(givenEnd), length);
            if (start > end) {
                return new Slice("", start, true);
            }
            int from = text.offsetByCodePoints(0, (int) start);
            return new Slice(text.substring(from, text.offsetByCodePoints(from, (int) (end - start))), start, false);
        }
    }

    /** A place as Python counts it, below 0 from the end. */
    private static long bound(long given, int length) {
        return Math.max(0, Math.min(length, given < 0 ? given + length : given));
    }
}
