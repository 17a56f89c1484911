package ai.rpo.core.text.jinja;

import ai.rpo.core.text.jinja.Function.Passed;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** The methods of text and dictionaries that a sandboxed template may call; none of them changes a value. */
final class Methods {

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
            case "strip" -> arguments -> PythonText.strip(text, characters(arguments));
            case "lstrip" -> arguments -> PythonText.stripLeft(text, characters(arguments));
            case "rstrip" -> arguments -> PythonText.stripRight(text, characters(arguments));
            case "split" -> arguments -> split(text, arguments, false);
            case "rsplit" -> arguments -> split(text, arguments, true);
            case "splitlines" -> arguments -> new ArrayList<Object>(text.lines().toList());
            case "startswith" -> arguments -> any(arguments, text::startsWith);
            case "endswith" -> arguments -> any(arguments, text::endsWith);
            case "replace" ->
                arguments -> PythonText.replace(
                        text, arguments.text(0, "old"), arguments.text(1, "new"), arguments.integer(2, "count", -1));
            case "upper" -> arguments -> text.toUpperCase(Locale.ROOT);
            case "lower" -> arguments -> text.toLowerCase(Locale.ROOT);
            case "title" -> arguments -> PythonText.title(text);
            case "capitalize" -> arguments -> PythonText.capitalize(text);
            case "find" -> arguments -> place(text, text.indexOf(arguments.text(0, "sub")));
            case "rfind" -> arguments -> place(text, text.lastIndexOf(arguments.text(0, "sub")));
            case "count" -> arguments -> PythonText.count(text, arguments.text(0, "sub"));
            case "join" ->
                arguments -> Values.items(arguments.require(0, "iterable")).stream()
                        .map(Values::text)
                        .collect(Collectors.joining(text));
            case "removeprefix" ->
                arguments -> text.startsWith(arguments.text(0, "prefix"))
                        ? text.substring(arguments.text(0, "prefix").length())
                        : text;
            case "removesuffix" ->
                arguments -> text.endsWith(arguments.text(0, "suffix"))
                        ? text.substring(
                                0, text.length() - arguments.text(0, "suffix").length())
                        : text;
            case "isdigit" -> arguments -> !text.isEmpty() && text.codePoints().allMatch(Character::isDigit);
            case "isspace" -> arguments -> !text.isEmpty() && text.codePoints().allMatch(PythonText::isSpace);
            default -> null;
        };
    }

    private static Function ofDictionary(Map<?, ?> map, String name) {
        return switch (name) {
            case "items" -> arguments -> Filters.entries(map);
            case "keys" -> arguments -> new ArrayList<Object>(map.keySet());
            case "values" -> arguments -> new ArrayList<Object>(map.values());
            case "get" ->
                arguments -> {
                    Object key = arguments.require(0, "key");
                    return map.containsKey(key) ? map.get(key) : arguments.get(1, "default", null);
                };
            default -> null;
        };
    }

    private static Function ofList(List<?> list, String name) {
        return switch (name) {
            case "index" ->
                arguments -> {
                    for (int i = 0; i < list.size(); i++) {
                        if (Values.equal(list.get(i), arguments.require(0, "value"))) {
                            return (long) i;
                        }
                    }
                    throw new TemplateException("the list does not hold what index() looks for");
                };
            case "count" ->
                arguments -> list.stream()
                        .filter(item -> Values.equal(item, arguments.require(0, "value")))
                        .count();
            default -> null;
        };
    }

    /** What to strip; null for white space. */
    static String characters(Passed arguments) {
        return arguments.get(0, "chars", null) == null ? null : arguments.text(0, "chars");
    }

    private static List<Object> split(String text, Passed arguments, boolean fromRight) {
        long limit = arguments.integer(1, "maxsplit", -1);
        if (arguments.get(0, "sep", null) == null) {
            if (limit >= 0) {
                throw new TemplateException("split at white space with a limit is not supported");
            }
            return new ArrayList<>(PythonText.splitAtSpace(text));
        }
        String separator = arguments.text(0, "sep");
        return new ArrayList<>(
                fromRight
                        ? PythonText.splitFromRight(text, separator, limit)
                        : PythonText.split(text, separator, limit));
    }

    /** Whether the test holds for the argument, or for one of those in a tuple. */
    private static boolean any(Passed arguments, Predicate<String> test) {
        return arguments.require(0, "prefix") instanceof List<?> list
                ? list.stream().map(Values::text).anyMatch(test)
                : test.test(arguments.text(0, "prefix"));
    }

    private static long place(String text, int index) {
        return index < 0 ? -1 : text.codePointCount(0, index);
    }
}
