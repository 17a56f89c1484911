package ai.rpo.spark.generate;

import ai.rpo.core.preference.FieldNames;
import ai.rpo.core.preference.PromptReader;
import ai.rpo.core.preference.RowFormats;
import ai.rpo.core.preference.RowReader;
import ai.rpo.core.text.SpellingPolicy;
import java.io.Serializable;
import java.util.Optional;

/**
 * Says how training reads the rows that prompts are taken from.
 *
 * @param format name of the format of every row; null where it is recognised row by row
 * @param fields what the rows call the formats' fields
 * @param specialTokens how prompts of text are read that spell special tokens
 */
public record PromptSource(String format, FieldNames fields, SpellingPolicy specialTokens) implements Serializable {

    public static final PromptSource USUAL = new PromptSource(null, FieldNames.USUAL, SpellingPolicy.AS_TEXT);

    /** Opens a reader for one task. */
    public PromptReader reader() {
        return new PromptReader(new RowReader(Optional.ofNullable(format).flatMap(RowFormats::named), fields));
    }
}
