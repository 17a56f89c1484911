package ai.rpo.core.text.jinja;

/**
 * A piece of a template.
 *
 * @param text the characters that count: a string's are unescaped
 * @param line of the template, from 1
 */
record Token(Kind kind, String text, int line) {

    enum Kind {
        /** Text outside of all tags. */
        DATA,
        BLOCK_BEGIN,
        BLOCK_END,
        VARIABLE_BEGIN,
        VARIABLE_END,
        NAME,
        STRING,
        INTEGER,
        FLOAT,
        OPERATOR,
        END
    }

    boolean is(Kind expected, String expectedText) {
        return kind == expected && text.equals(expectedText);
    }
}
