package ai.rpo.core.benchmark;

import java.util.Locale;

/** Python's ways with text where Java's differ, as far as prompts need them. */
final class PythonText {

    private PythonText() {}

    /** {@code str.strip()}. */
    static String strip(String text) {
        int start = 0;
        int end = text.length();
        while (start < end && isSpace(text.charAt(start))) {
            start++;
        }
        while (end > start && isSpace(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(start, end);
    }

    private static boolean isSpace(char c) {
        return Character.isWhitespace(c) || c == 0x85 || c == 0xA0 || c == 0x2007 || c == 0x202F;
    }

    /** {@code str.capitalize()}: the first character in title case, all others small. */
    static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int length = Character.charCount(text.codePointAt(0));
        String first = text.substring(0, length);
        String large = first.toUpperCase(Locale.ROOT);
        String title = large.codePointCount(0, large.length()) == 1
                ? Character.toString(Character.toTitleCase(first.codePointAt(0)))
                : Character.toString(large.codePointAt(0))
                        + large.substring(Character.charCount(large.codePointAt(0)))
                                .toLowerCase(Locale.ROOT);
        String small = text.toLowerCase(Locale.ROOT);
        return title + small.substring(first.toLowerCase(Locale.ROOT).length());
    }

    /** {@code len(str)}. */
    static int length(String text) {
        return text.codePointCount(0, text.length());
    }
}
