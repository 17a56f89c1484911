package ai.rpo.core.text;

/**
 * Says how a row of text is read that spells special tokens. Messages always mean text; their template writes the
 * tokens.
 */
public enum SpellingPolicy {
    /** The text only speaks of them. */
    AS_TEXT,
    /** A chat template wrote the text, and its tokens are meant. */
    AS_TOKENS;

    Straddling.Encoding encoding(Tokenizer tokenizer) {
        return this == AS_TEXT ? tokenizer::encode : tokenizer::encodeRendered;
    }
}
