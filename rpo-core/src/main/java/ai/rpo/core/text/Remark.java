package ai.rpo.core.text;

/** Says what is worth knowing of rows that are kept, since it may not be what their author meant. */
public enum Remark {
    /** The template's generation prompt goes on beyond what an answer begins with, such as with {@code <think>}. */
    GENERATION_PROMPT_CUT,
    /** A special token that a text spells was kept as text. */
    SPELLS_SPECIAL_TOKEN,
    /** A completion begins with its prompt. */
    REPEATS_PROMPT,
    /** A completion of several turns ends with one that is not the assistant's. */
    ENDS_WITH_USER
}
