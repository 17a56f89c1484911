package ai.rpo.core.text.jinja;

import ai.rpo.core.text.jinja.Function.Passed;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** {@code tojson} as transformers has it: Python's {@code json.dumps} with {@code ensure_ascii} off by default. */
final class JsonText {

    private final boolean ascii;
    private final boolean sorted;
    private final String indent;
    private final String itemSeparator;
    private final String keySeparator;
    private final StringBuilder out = new StringBuilder();

    private JsonText(Passed arguments) {
        ascii = Values.isTrue(arguments.get(0, "ensure_ascii", false));
        Object width = arguments.get(1, "indent", null);
        indent = width == null
                ? null
                : width instanceof String text ? text : Arithmetic.repeat(" ", Values.integer(width));
        Object given = arguments.get(2, "separators", null);
        List<?> separators = given == null ? List.of(indent == null ? ", " : ",", ": ") : Values.items(given);
        if (separators.size() != 2) {
            throw new TemplateException("the argument separators must hold two texts");
        }
        itemSeparator = Values.text(separators.get(0));
        keySeparator = Values.text(separators.get(1));
        sorted = Values.isTrue(arguments.get(3, "sort_keys", false));
    }

    static String of(Object value, Passed arguments) {
        JsonText json = new JsonText(arguments);
        json.write(value, 0);
        return json.out.toString();
    }

    private void write(Object value, int depth) {
        if (value == null) {
            out.append("null");
        } else if (Integers.isWhole(value)) {
            out.append(Integers.text((Number) value));
        } else if (value instanceof Boolean) {
            out.append(value);
        } else if (value instanceof Double number) {
            out.append(number(number));
        } else if (value instanceof String text) {
            quote(text);
        } else if (value instanceof List<?> list) {
            writeList(list, depth);
        } else if (value instanceof Map<?, ?> map) {
            writeMap(map, depth);
        } else {
            throw new TemplateException(Values.describe(value) + " cannot be written as JSON");
        }
    }

    private static String number(double number) {
        if (Double.isNaN(number)) {
            return "NaN";
        }
        return Double.isInfinite(number) ? number > 0 ? "Infinity" : "-Infinity" : Values.number(number);
    }

    private void writeList(List<?> list, int depth) {
        out.append('[');
        String separator = "";
        for (Object item : list) {
            out.append(separator);
            newLine(depth + 1);
            write(item, depth + 1);
            separator = itemSeparator;
        }
        if (!list.isEmpty()) {
            newLine(depth);
        }
        out.append(']');
    }

    private void writeMap(Map<?, ?> map, int depth) {
        List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
        if (sorted) {
            entries.sort(Comparator.comparing(entry -> (Object) entry.getKey(), Values::compare));
        }
        out.append('{');
        String separator = "";
        for (Map.Entry<?, ?> entry : entries) {
            out.append(separator);
            newLine(depth + 1);
            quote(entry.getKey() instanceof String key ? key : of(entry.getKey(), new Passed(List.of(), Map.of())));
            out.append(keySeparator);
            write(entry.getValue(), depth + 1);
            separator = itemSeparator;
        }
        if (!map.isEmpty()) {
            newLine(depth);
        }
        out.append('}');
    }

    private void newLine(int depth) {
        if (indent != null) {
            out.append('\n').append(indent.repeat(depth));
        }
    }

    private void quote(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c < 0x20 || ascii && c > 0x7E && !PythonText.standsForOthers(text, i)) {
                        out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
