package ai.rpo.core.text;

/** Says what becomes of a row whose prompt, alone or with the longer completion, exceeds a limit. */
public enum Truncation {
    /** The row is left out. */
    DROP,
    /** The prompt loses its beginning, but not the tokens that the tokenizer puts before every text. */
    KEEP_END_OF_PROMPT,
    /** The completions lose their ends, and with them their EOS; a row whose prompt alone is too long is left out. */
    CUT_COMPLETIONS
}
