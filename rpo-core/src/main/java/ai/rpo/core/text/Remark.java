package ai.rpo.core.text;

import java.util.Locale;

/** What is worth knowing of rows that are kept, since it may not be what their author meant. */
public enum Remark {
    /** The template's generation prompt goes on beyond what an answer begins with, such as with {@code <think>}. */
    GENERATION_PROMPT_CUT("begin where the chat template's generation prompt and their answers part; the end of that prompt,"
            + " such as <think>, is not trained on"),
    /** A special token that a text spells was kept as text. */
    SPELLS_SPECIAL_TOKEN("spell special tokens, which are kept as text; where a chat template wrote these rows already, set"
            + " rpo.data.special-tokens = as-tokens"),
    /** A completion begins with its prompt. */
    REPEATS_PROMPT("have a completion that repeats the prompt"),
    /** A completion of several turns ends with one that is not the assistant's. */
    ENDS_WITH_USER("have a completion that ends with a turn of the user, which is trained on too");

    private final String description;

    Remark(String description) {
        this.description = description;
    }

    /** What such rows do, for a person to read behind their number. */
    public String description() {
        return description;
    }

    /** The name in reports, such as {@code repeats_prompt}. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
