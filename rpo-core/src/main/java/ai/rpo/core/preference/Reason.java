package ai.rpo.core.preference;

import java.util.Locale;

/** Says why a row was left out of a data set. */
public enum Reason {
    NOT_UTF8("the row's bytes are not UTF-8 text"),
    ROW_TOO_LARGE("the row is larger than any row can sensibly be"),
    BLANK("the line is blank"),
    BEYOND_LIMIT("the row is nested deeper, or has longer numbers, than is read"),
    MALFORMED_JSON("the row is not one JSON object"),
    UNKNOWN_FORMAT("the row's fields fit no known format"),
    UNUSED_FIELD("a field that says something would be lost"),
    WRONG_KIND("the row is of another kind than the data set"),
    MISSING_FIELD("a field is missing or null"),
    WRONG_TYPE("a field holds another type than its format says"),
    BROKEN_TEXT("the text holds half a surrogate pair, which is no character"),
    REFUSED_BY_TEMPLATE("the chat template refuses the conversation"),
    UNKNOWN_ROLE("a turn has a role that the chat template does not name"),
    ANSWER_BY_ANOTHER("an answer begins with a turn that is not the assistant's"),
    PROMPT_ENDS_WITH_ANSWER("the prompt ends with the assistant's turn, which leaves nothing to answer"),
    PROMPT_REWRITTEN_BY_TEMPLATE(
            "the chat template writes earlier turns differently once an answer follows; give one that does not as"
                    + " rpo.model.chat-template"),
    NO_COMMON_PROMPT("chosen and rejected do not begin with the same prompt"),
    TIED("no completion is rated above another"),
    UNMATCHED("no row of the same prompt with the other label is left to pair it with"),
    EMPTY_PROMPT("the prompt has no tokens"),
    EMPTY_COMPLETION("a completion has no tokens"),
    CHOSEN_EQUALS_REJECTED("chosen and rejected are the same"),
    EQUAL_AFTER_TRUNCATION("chosen and rejected differ only beyond the cut"),
    PROMPT_TOO_LONG("the prompt is above its limit, or leaves no room for a completion"),
    TOO_LONG("prompt and completion are longer than the limit"),
    STRADDLING_TOKEN("a token straddles the border of prompt and completion"),
    SPELLS_SPECIAL_TOKEN("the text spells a special token that this tokenizer cannot keep as text"),
    TOKEN_OUT_OF_RANGE("a token id lies outside the model's vocabulary"),
    NON_FINITE_REFERENCE("a given reference log-probability is not a finite number");

    private final String description;

    Reason(String description) {
        this.description = description;
    }

    /** One clause for a person to read. */
    public String description() {
        return description;
    }

    /** The name in reports and in {@code rejected/}, such as {@code empty-completion}. */
    public String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
