package ai.rpo.core.text.jinja;

import ai.rpo.core.text.jinja.Token.Kind;
import java.util.List;

/** Tokens, read from left to right. */
final class TokenStream {

    private final List<Token> tokens;
    private int position;

    TokenStream(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token peek() {
        return tokens.get(position);
    }

    Token peekAfter() {
        return tokens.get(Math.min(position + 1, tokens.size() - 1));
    }

    Token next() {
        Token token = peek();
        position = Math.min(position + 1, tokens.size() - 1);
        return token;
    }

    boolean accept(String operator) {
        return acceptIf(peek().is(Kind.OPERATOR, operator));
    }

    boolean acceptName(String name) {
        return acceptIf(peek().is(Kind.NAME, name));
    }

    private boolean acceptIf(boolean there) {
        if (there) {
            next();
        }
        return there;
    }

    void expect(String operator) {
        if (!accept(operator)) {
            throw error("expected " + operator + ", but found " + found());
        }
    }

    void expectName(String name) {
        if (!acceptName(name)) {
            throw error("expected " + name + ", but found " + found());
        }
    }

    Token expect(Kind kind) {
        if (peek().kind() != kind) {
            throw error("expected " + describe(kind) + ", but found " + found());
        }
        return next();
    }

    TemplateException error(String what) {
        return new TemplateException(what + " (line " + peek().line() + " of the template)");
    }

    private String found() {
        return peek().text().isEmpty() ? describe(peek().kind()) : peek().text();
    }

    private static String describe(Kind kind) {
        return switch (kind) {
            case DATA -> "text";
            case BLOCK_BEGIN -> "{%";
            case BLOCK_END -> "%}";
            case VARIABLE_BEGIN -> "{{";
            case VARIABLE_END -> "}}";
            case NAME -> "a name";
            case STRING -> "a string";
            case INTEGER, FLOAT -> "a number";
            case OPERATOR -> "an operator";
            case END -> "the end of the template";
        };
    }
}
