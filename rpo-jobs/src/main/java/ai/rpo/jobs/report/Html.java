package ai.rpo.jobs.report;

import java.util.Collection;

/**
 * Markup that is safe to write into a page. Text becomes markup only through {@link #text} or {@link #of}, which
 * escape it, so file names, model output and configuration cannot break out of the page.
 *
 * @param markup well-formed HTML
 */
record Html(String markup) {

    static final Html EMPTY = new Html("");

    private static final String PLACEHOLDER = "{}";

    /** Any string, escaped for element content and double-quoted attributes. */
    static Html text(String text) {
        StringBuilder escaped = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> escaped.appendCodePoint(isPrintable(c) ? c : 0xFFFD);
            }
        });
        return new Html(escaped.toString());
    }

    /**
     * Fills each {@code {}} of a template, in order. {@link Html} values, and collections of them, go in as they are;
     * everything else is escaped.
     *
     * @param template a literal of this code base, never data
     */
    static Html of(String template, Object... values) {
        StringBuilder filled = new StringBuilder(template.length() + 64);
        int from = 0;
        for (Object value : values) {
            int at = template.indexOf(PLACEHOLDER, from);
            if (at < 0) {
                throw new IllegalArgumentException(values.length + " values for the template " + template);
            }
            filled.append(template, from, at).append(markupOf(value));
            from = at + PLACEHOLDER.length();
        }
        if (template.indexOf(PLACEHOLDER, from) >= 0) {
            throw new IllegalArgumentException("only " + values.length + " values for the template " + template);
        }
        return new Html(filled.append(template, from, template.length()).toString());
    }

    private static String markupOf(Object value) {
        if (value instanceof Html html) {
            return html.markup();
        }
        if (value instanceof Collection<?> parts) {
            StringBuilder joined = new StringBuilder();
            parts.forEach(part -> joined.append(markupOf(part)));
            return joined.toString();
        }
        return text(String.valueOf(value)).markup();
    }

    /** Control characters and lone surrogates are not allowed in HTML, and could hide text in a terminal or browser. */
    private static boolean isPrintable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL -> c == '\n' || c == '\t';
            case Character.SURROGATE -> false;
            case Character.FORMAT -> c == 0x200D;
            default -> true;
        };
    }
}
