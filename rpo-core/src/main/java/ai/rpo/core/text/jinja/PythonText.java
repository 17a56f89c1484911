package ai.rpo.core.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Python's ways with text where Java's differ. */
final class PythonText {

    /** Begins the characters that are never escaped: callers may let them stand for other text. */
    private static final int FIRST_STAND_IN = 0x100000;

    private PythonText() {}

    /** Tells whether {@code str.isspace} and {@code str.strip} take it for white space. */
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

    /** {@code str.split(None, limit)}: at runs of white space; a negative limit is none. */
    static List<String> splitAtSpace(String text, long limit) {
        List<String> words = new ArrayList<>();
        String rest = stripLeft(text, null);
        while (!rest.isEmpty()) {
            int end = 0;
            while (end < rest.length() && !isSpace(rest.charAt(end))) {
                end++;
            }
            if (limit >= 0 && words.size() == limit) {
                words.add(rest);
                return words;
            }
            words.add(rest.substring(0, end));
            rest = stripLeft(rest.substring(end), null);
        }
        return words;
    }

    /** {@code str.rsplit(None, limit)}. */
    static List<String> splitAtSpaceFromRight(String text, long limit) {
        List<String> words = new ArrayList<>();
        String rest = stripRight(text, null);
        while (!rest.isEmpty()) {
            int start = rest.length();
            while (start > 0 && !isSpace(rest.charAt(start - 1))) {
                start--;
            }
            if (limit >= 0 && words.size() == limit) {
                words.add(0, rest);
                return words;
            }
            words.add(0, rest.substring(start));
            rest = stripRight(rest.substring(0, start), null);
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
        return text.isEmpty() ? text : titleCase(first(text)) + rest(text).toLowerCase(Locale.ROOT);
    }

    /** {@code str.title}: each run of letters begins with a capital. */
    static String title(String text) {
        StringBuilder out = new StringBuilder();
        boolean inWord = false;
        for (int c : text.codePoints().toArray()) {
            String letter = Character.toString(c);
            out.append(inWord ? letter.toLowerCase(Locale.ROOT) : titleCase(letter));
            inWord = isCased(c);
        }
        return out.toString();
    }

    /** Does what the filter {@code title} does: each word begins with a capital, and has no other. */
    static String titleOfFilter(String text) {
        StringBuilder out = new StringBuilder();
        boolean inWord = false;
        StringBuilder rest = new StringBuilder();
        for (int c : text.codePoints().toArray()) {
            boolean between = isSpace(c) || "-({[<".indexOf(c) >= 0;
            if (inWord && !between) {
                rest.appendCodePoint(c);
                continue;
            }
            out.append(rest.toString().toLowerCase(Locale.ROOT));
            rest.setLength(0);
            out.append(between ? Character.toString(c) : Character.toString(c).toUpperCase(Locale.ROOT));
            inWord = !between;
        }
        return out.append(rest.toString().toLowerCase(Locale.ROOT)).toString();
    }

    private static String titleCase(String letter) {
        String upper = letter.toUpperCase(Locale.ROOT);
        return upper.codePointCount(0, upper.length()) == 1
                ? Character.toString(Character.toTitleCase(letter.codePointAt(0)))
                : first(upper) + rest(upper).toLowerCase(Locale.ROOT);
    }

    private static boolean isCased(int c) {
        return Character.isLowerCase(c) || Character.isUpperCase(c) || Character.isTitleCase(c);
    }

    /** {@code str.islower}, or {@code str.isupper}: there are letters of that case and none of another. */
    static boolean isInCase(String text, boolean lower) {
        boolean found = false;
        for (int c : text.codePoints().toArray()) {
            boolean isLower = Character.isLowerCase(c);
            if (isCased(c) && (Character.isTitleCase(c) || isLower != lower)) {
                return false;
            }
            found |= isCased(c);
        }
        return found;
    }

    /** {@code str.isdigit}. */
    static boolean isDigits(String text) {
        return !text.isEmpty()
                && text.codePoints()
                        .allMatch(c -> Character.isDigit(c)
                                || Character.getType(c) == Character.OTHER_NUMBER
                                        && Character.getNumericValue(c) >= 0
                                        && Character.getNumericValue(c) <= 9);
    }

    /** {@code str.splitlines}. */
    static List<String> lines(String text, boolean keepEnds) {
        List<String> lines = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < text.length(); i++) {
            if (!isLineEnd(text.charAt(i))) {
                continue;
            }
            int end = i;
            if (text.startsWith("\r\n", i)) {
                i++;
            }
            lines.add(text.substring(start, keepEnds ? i + 1 : end));
            start = i + 1;
        }
        if (start < text.length()) {
            lines.add(text.substring(start));
        }
        return lines;
    }

    private static boolean isLineEnd(char c) {
        return c >= 0x0A && c <= 0x0D || c >= 0x1C && c <= 0x1E || c == 0x85 || c == 0x2028 || c == 0x2029;
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
                case '0', '1', '2', '3', '4', '5', '6', '7' -> {
                    int end = i + 1;
                    while (end < body.length() && end < i + 3 && Character.digit(body.charAt(end), 8) >= 0) {
                        end++;
                    }
                    out.appendCodePoint(Integer.parseInt(body.substring(i, end), 8));
                    i = end - 1;
                }
                case '\\', '\'', '"' -> out.append(next);
                case '\n' -> {}
                default -> out.append('\\').append(next);
            }
        }
        return out.toString();
    }

    /** {@code str.isprintable}, and what stands for other text. */
    private static boolean isPrintable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            case Character.SPACE_SEPARATOR -> c == ' ';
            case Character.PRIVATE_USE -> c >= FIRST_STAND_IN;
            default -> true;
        };
    }

    /**
     * Tells whether a character, or the half of one, is of the last plane for private use, which stands for other text.
     */
    static boolean standsForOthers(String text, int at) {
        int c = text.codePointAt(at);
        boolean low = Character.isLowSurrogate(text.charAt(at)) && at > 0;
        return (low ? text.codePointAt(at - 1) : c) >= FIRST_STAND_IN;
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
            } else if (!isPrintable(c)) {
                String format = c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x";
                out.append(String.format(Locale.ROOT, format, c));
            } else {
                out.appendCodePoint(c);
            }
        });
        return out.append(quote).toString();
    }
}
