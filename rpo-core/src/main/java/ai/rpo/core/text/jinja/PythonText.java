package ai.rpo.core.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Python's ways with text where Java's differ. */
final class PythonText {

    private PythonText() {}

    /** What {@code str.isspace} and {@code str.strip} take for white space. */
    static boolean isSpace(int c) {
        return c >= 0x09 && c <= 0x0D
                || c >= 0x1C && c <= 0x20
                || c == 0x85
                || c == 0xA0
                || c == 0x1680
                || c >= 0x2000 && c <= 0x200A
                || c == 0x2028
                || c == 0x2029
                || c == 0x202F
                || c == 0x205F
                || c == 0x3000;
    }

    static String strip(String text, String characters) {
        return stripLeft(stripRight(text, characters), characters);
    }

    /**
     * @param characters to take away; white space where null
     */
    static String stripLeft(String text, String characters) {
        int start = 0;
        while (start < text.length() && isIn(characters, text.codePointAt(start))) {
            start += Character.charCount(text.codePointAt(start));
        }
        return text.substring(start);
    }

    /**
     * @param characters to take away; white space where null
     */
    static String stripRight(String text, String characters) {
        int end = text.length();
        while (end > 0 && isIn(characters, text.codePointBefore(end))) {
            end -= Character.charCount(text.codePointBefore(end));
        }
        return text.substring(0, end);
    }

    private static boolean isIn(String characters, int c) {
        return characters == null ? isSpace(c) : characters.indexOf(c) >= 0;
    }

    /** {@code str.split()}: at runs of white space. */
    static List<String> splitAtSpace(String text) {
        List<String> words = new ArrayList<>();
        int start = -1;
        for (int i = 0; i <= text.length(); i++) {
            boolean space = i == text.length() || isSpace(text.charAt(i));
            if (space && start >= 0) {
                words.add(text.substring(start, i));
                start = -1;
            } else if (!space && start < 0) {
                start = i;
            }
        }
        return words;
    }

    /**
     * {@code str.split(separator, limit)}; a negative limit is none.
     *
     * @throws TemplateException if the separator is empty
     */
    static List<String> split(String text, String separator, long limit) {
        requireSeparator(separator);
        List<String> parts = new ArrayList<>();
        int start = 0;
        for (int at = text.indexOf(separator); at >= 0 && limit != 0; at = text.indexOf(separator, start)) {
            parts.add(text.substring(start, at));
            start = at + separator.length();
            limit--;
        }
        parts.add(text.substring(start));
        return parts;
    }

    /**
     * {@code str.rsplit(separator, limit)}; a negative limit is none.
     *
     * @throws TemplateException if the separator is empty
     */
    static List<String> splitFromRight(String text, String separator, long limit) {
        requireSeparator(separator);
        List<String> parts = new ArrayList<>();
        int end = text.length();
        for (int at = text.lastIndexOf(separator); at >= 0 && limit != 0; limit--) {
            parts.add(0, text.substring(at + separator.length(), end));
            end = at;
            at = at < separator.length() ? -1 : text.lastIndexOf(separator, at - separator.length());
        }
        parts.add(0, text.substring(0, end));
        return parts;
    }

    private static void requireSeparator(String separator) {
        if (separator.isEmpty()) {
            throw new TemplateException("cannot split at an empty separator");
        }
    }

    /**
     * {@code str.replace(old, replacement, limit)}; a negative limit is none. The empty text stands before every
     * character and at the end.
     */
    static String replace(String text, String old, String replacement, long limit) {
        if (!old.isEmpty()) {
            return String.join(replacement, split(text, old, limit));
        }
        StringBuilder out = new StringBuilder();
        long most = limit < 0 ? Long.MAX_VALUE : limit;
        long place = 0;
        for (int c : text.codePoints().toArray()) {
            out.append(place++ < most ? replacement : "").appendCodePoint(c);
        }
        return out.append(place < most ? replacement : "").toString();
    }

    /** {@code str.count(part)}. */
    static long count(String text, String part) {
        return part.isEmpty()
                ? text.codePointCount(0, text.length()) + 1L
                : split(text, part, -1).size() - 1L;
    }

    static String capitalize(String text) {
        return text.isEmpty()
                ? text
                : first(text).toUpperCase(Locale.ROOT) + rest(text).toLowerCase(Locale.ROOT);
    }

    /** {@code str.title}: each run of letters begins with a capital. */
    static String title(String text) {
        StringBuilder out = new StringBuilder();
        boolean inWord = false;
        for (int c : text.codePoints().toArray()) {
            out.appendCodePoint(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
            inWord = Character.isLetter(c);
        }
        return out.toString();
    }

    private static String first(String text) {
        return text.substring(0, text.offsetByCodePoints(0, 1));
    }

    private static String rest(String text) {
        return text.substring(text.offsetByCodePoints(0, 1));
    }

    /** The text that a string literal's characters stand for. */
    static String unescape(String body) {
        if (body.indexOf('\\') < 0) {
            return body;
        }
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < body.length(); i++) {
            char c = body.charAt(i);
            if (c != '\\' || i + 1 == body.length()) {
                out.append(c);
                continue;
            }
            char next = body.charAt(++i);
            int digits =
                    switch (next) {
                        case 'x' -> 2;
                        case 'u' -> 4;
                        case 'U' -> 8;
                        default -> 0;
                    };
            if (digits > 0 && isHex(body, i + 1, digits)) {
                out.appendCodePoint(Integer.parseInt(body.substring(i + 1, i + 1 + digits), 16));
                i += digits;
                continue;
            }
            switch (next) {
                case 'n' -> out.append('\n');
                case 't' -> out.append('\t');
                case 'r' -> out.append('\r');
                case 'b' -> out.append('\b');
                case 'f' -> out.append('\f');
                case 'v' -> out.append('\u000B');
                case 'a' -> out.append('\u0007');
                case '0' -> out.append('\0');
                case '\\', '\'', '"' -> out.append(next);
                case '\n' -> {}
                default -> out.append('\\').append(next);
            }
        }
        return out.toString();
    }

    private static boolean isHex(String text, int start, int digits) {
        return start + digits <= text.length()
                && text.substring(start, start + digits).chars().allMatch(c -> Character.digit(c, 16) >= 0);
    }

    /** {@code repr} of a text. */
    static String quote(String text) {
        char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        StringBuilder out = new StringBuilder().append(quote);
        text.codePoints().forEach(c -> {
            if (c == quote || c == '\\') {
                out.append('\\').appendCodePoint(c);
            } else if (c == '\n') {
                out.append("\\n");
            } else if (c == '\r') {
                out.append("\\r");
            } else if (c == '\t') {
                out.append("\\t");
            } else if (c < 0x20 || c >= 0x7F && c < 0xA0) {
                out.append(String.format(Locale.ROOT, "\\x%02x", c));
            } else {
                out.appendCodePoint(c);
            }
        });
        return out.append(quote).toString();
    }
}
