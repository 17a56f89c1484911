package ai.rpo.core.text.jinja;

import ai.rpo.core.text.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Cuts a template into tokens and applies its whitespace control. */
final class Lexer {

    private static final Pattern TAG = Pattern.compile("\\{\\{|\\{%|\\{#");
    private static final Pattern RAW_BEGIN = Pattern.compile("\\{%[-+]?\\s*raw\\s*[-+]?%\\}");
    private static final Pattern RAW_END = Pattern.compile("\\{%([-+]?)\\s*endraw\\s*([-+]?)%\\}");
    private static final Pattern NAME = Pattern.compile("[\\p{L}_][\\p{L}\\p{N}_]*");
    private static final Pattern FLOAT = Pattern.compile("\\d+(_\\d+)*(\\.\\d+(_\\d+)*([eE][+-]?\\d+)?|[eE][+-]?\\d+)");
    private static final Pattern INTEGER =
            Pattern.compile("0[bB](_?[01])+|0[oO](_?[0-7])+|0[xX](_?\\p{XDigit})+|\\d+(_\\d+)*");
    private static final Pattern STRING =
            Pattern.compile("'([^'\\\\]*(?:\\\\.[^'\\\\]*)*)'|\"([^\"\\\\]*(?:\\\\.[^\"\\\\]*)*)\"", Pattern.DOTALL);
    private static final Pattern OPERATOR = Pattern.compile("\\*\\*|//|==|!=|>=|<=|[-+*/%~\\[\\](){}.,:|=<>;]");

    private final String source;
    private final int[] newlines;
    private final List<Token> tokens = new ArrayList<>();
    private int position;
    /** Tells whether what was read last ended a line, so that white space after it begins one. */
    private boolean atLineStart = true;

    private Lexer(String source) {
        this.source = source;
        newlines = IntStream.range(0, source.length())
                .filter(i -> source.charAt(i) == '\n')
                .toArray();
    }

    static List<Token> tokens(String source) {
        String text = source.replace("\r\n", "\n").replace('\r', '\n');
        // Jinja leaves out the newline that ends a file.
        return new Lexer(text.endsWith("\n") ? text.substring(0, text.length() - 1) : text).run();
    }

    private List<Token> run() {
        Matcher tag = TAG.matcher(source);
        while (tag.find(position)) {
            int start = tag.start();
            char kind = source.charAt(start + 1);
            char sign = start + 2 < source.length() ? source.charAt(start + 2) : ' ';
            addData(leftTrimmed(source.substring(position, start), kind != '{', sign));
            Matcher raw = RAW_BEGIN.matcher(source).region(start, source.length());
            if (kind == '%' && raw.lookingAt()) {
                raw(raw.end(), source.charAt(raw.end() - 3) == '-');
            } else if (kind == '#') {
                comment(start);
            } else {
                position = start + (sign == '-' || sign == '+' ? 3 : 2);
                tag(kind == '{');
            }
        }
        addData(source.substring(position));
        tokens.add(new Token(Kind.END, "", line(source.length())));
        return tokens;
    }

    /** Applies {@code -} and {@code lstrip_blocks} to the text before a tag. */
    private String leftTrimmed(String text, boolean block, char sign) {
        if (sign == '-') {
            return PythonText.stripRight(text, null);
        }
        if (block && sign != '+') {
            int lineStart = text.lastIndexOf('\n') + 1;
            boolean blank = text.substring(lineStart).chars().allMatch(PythonText::isSpace);
            if ((lineStart > 0 || atLineStart) && blank) {
                return text.substring(0, lineStart);
            }
        }
        return text;
    }

    private void comment(int start) {
        int end = source.indexOf("#}", start + 2);
        if (end < 0) {
            throw error("a comment has no end", start);
        }
        char sign = source.charAt(end - 1);
        position = end + 2;
        afterTag(end - 1 > start + 1 ? sign : ' ', true);
    }

    private void raw(int bodyStart, boolean trimmed) {
        Matcher end = RAW_END.matcher(source);
        if (!end.find(bodyStart)) {
            throw error("a raw block has no endraw", bodyStart);
        }
        position = bodyStart;
        afterTag(trimmed ? '-' : ' ', true);
        String body = source.substring(Math.min(position, end.start()), end.start());
        String sign = end.group(1);
        addData(leftTrimmed(body, true, sign.isEmpty() ? ' ' : sign.charAt(0)));
        position = end.end();
        afterTag(end.group(2).isEmpty() ? ' ' : end.group(2).charAt(0), true);
    }

    private void tag(boolean variable) {
        String close = variable ? "}}" : "%}";
        add(variable ? Kind.VARIABLE_BEGIN : Kind.BLOCK_BEGIN, "", position);
        int begin = position;
        int depth = 0;
        while (true) {
            skipSpace();
            if (position >= source.length()) {
                throw error("a tag has no " + close, begin);
            }
            // A closing brace of a dictionary may stand right before the tag's own.
            if (depth == 0) {
                boolean signed = source.startsWith("-" + close, position)
                        || !variable && source.startsWith("+" + close, position);
                if (signed || source.startsWith(close, position)) {
                    char sign = signed ? source.charAt(position) : ' ';
                    add(variable ? Kind.VARIABLE_END : Kind.BLOCK_END, "", position);
                    position += close.length() + (signed ? 1 : 0);
                    afterTag(sign, !variable);
                    return;
                }
            }
            String operator = token();
            depth += switch (operator) {
                case "{", "[", "(" -> 1;
                case "}", "]", ")" -> -1;
                default -> 0;
            };
        }
    }

    /** Applies {@code -} and {@code trim_blocks} to what comes after a tag. */
    private void afterTag(char sign, boolean block) {
        int end = position;
        if (sign == '-') {
            while (position < source.length() && PythonText.isSpace(source.charAt(position))) {
                position++;
            }
        } else if (block && sign != '+' && position < source.length() && source.charAt(position) == '\n') {
            position++;
        }
        atLineStart = position > end && source.charAt(position - 1) == '\n';
    }

    /** Reads one token and returns it if it is an operator, else an empty text. */
    private String token() {
        if (accept(NAME, Kind.NAME) || accept(FLOAT, Kind.FLOAT) || accept(INTEGER, Kind.INTEGER)) {
            return "";
        }
        Matcher string = STRING.matcher(source).region(position, source.length());
        if (string.lookingAt()) {
            String body = string.group(1) != null ? string.group(1) : string.group(2);
            add(Kind.STRING, PythonText.unescape(body), position);
            position = string.end();
            return "";
        }
        int start = position;
        if (accept(OPERATOR, Kind.OPERATOR)) {
            return source.substring(start, position);
        }
        throw error("unexpected character " + source.charAt(position), position);
    }

    private boolean accept(Pattern pattern, Kind kind) {
        Matcher matcher = pattern.matcher(source).region(position, source.length());
        if (!matcher.lookingAt()) {
            return false;
        }
        add(kind, matcher.group(), position);
        position = matcher.end();
        return true;
    }

    private void skipSpace() {
        while (position < source.length() && PythonText.isSpace(source.charAt(position))) {
            position++;
        }
    }

    private void addData(String text) {
        if (!text.isEmpty()) {
            add(Kind.DATA, text, position);
        }
    }

    private void add(Kind kind, String text, int at) {
        tokens.add(new Token(kind, text, line(at)));
    }

    private int line(int at) {
        int found = Arrays.binarySearch(newlines, at);
        return 1 + (found < 0 ? -found - 1 : found);
    }

    private TemplateException error(String what, int at) {
        return new TemplateException(what + " (line " + line(at) + " of the template)");
    }
}
