package ai.rpo.spark.prepare;

import ai.rpo.core.preference.FieldNames;
import ai.rpo.core.preference.RatedPairs;
import ai.rpo.core.text.LengthLimit;
import ai.rpo.core.text.StraddlePolicy;
import ai.rpo.core.text.Truncation;
import java.io.Serializable;
import java.util.List;

/**
 * What tasks need to know.
 *
 * @param format name of the format of every row; null where it is recognised row by row
 * @param fields what the data call the formats' fields
 * @param ratedPairs which pairs are made of several rated completions
 * @param evalFraction share of the training prompts that is held out
 * @param maxLength the most tokens of a prompt with either completion
 * @param maxPromptLength the most tokens of a prompt
 * @param files by {@link DataFile#index}
 */
record PreparePlan(
        RowKind kind,
        String format,
        FieldNames fields,
        RatedPairs ratedPairs,
        double evalFraction,
        StraddlePolicy onStraddle,
        int maxLength,
        int maxPromptLength,
        Truncation truncation,
        TargetModel model,
        List<DataFile> files)
        implements Serializable {

    LengthLimit limit() {
        return new LengthLimit(maxLength, maxPromptLength, truncation);
    }
}
