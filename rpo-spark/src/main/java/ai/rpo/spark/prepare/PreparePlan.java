package ai.rpo.spark.prepare;

import ai.rpo.core.RpoException;
import ai.rpo.core.preference.FieldNames;
import ai.rpo.core.preference.RatedPairs;
import ai.rpo.core.preference.RowReader;
import ai.rpo.core.text.LengthLimit;
import ai.rpo.core.text.PairTokenizer;
import ai.rpo.core.text.SpellingPolicy;
import ai.rpo.core.text.StraddlePolicy;
import ai.rpo.core.text.Truncation;
import java.io.Serializable;
import java.util.List;
import java.util.function.Supplier;

/**
 * Holds what tasks need to know.
 *
 * @param format name of the format of every row; null where it is recognised row by row
 * @param fields what the data call the formats' fields
 * @param key columns that tell rows apart
 * @param ratedPairs which pairs are made of several rated completions
 * @param unpaired how completions that stand alone become pairs
 * @param evalFraction share of the training prompts that is held out
 * @param specialTokens how rows of text are read that spell special tokens
 * @param maxLength the most tokens of a prompt with either completion
 * @param maxPromptLength the most tokens of a prompt
 * @param files by {@link DataFile#index}
 */
record PreparePlan(
        RowKind kind,
        String format,
        FieldNames fields,
        List<String> key,
        RatedPairs ratedPairs,
        DataSettings.Unpaired unpaired,
        double evalFraction,
        StraddlePolicy onStraddle,
        SpellingPolicy specialTokens,
        int maxLength,
        int maxPromptLength,
        Truncation truncation,
        TargetModel model,
        List<DataFile> files)
        implements Serializable {

    /**
     * @param files looked for once the settings are known to fit the model
     * @throws RpoException where rows may be longer than the model's context
     */
    static PreparePlan of(RowKind kind, DataSettings settings, TargetModel model, Supplier<List<DataFile>> files) {
        return of(kind, settings, settings.fields().names(), model, files);
    }

    /** Plans for data that call some more fields by names of their own. */
    static PreparePlan of(
            RowKind kind, DataSettings settings, FieldNames fields, TargetModel model, Supplier<List<DataFile>> files) {
        int maxLength = settings.maxLength().orElse(model.contextLength());
        if (maxLength > model.contextLength()) {
            throw RpoException.configuration("Cannot prepare rows of up to " + maxLength
                    + " tokens: the model's context is " + model.contextLength() + ". Lower rpo.data.max-length.");
        }
        return new PreparePlan(
                kind,
                settings.format().orElse(null),
                fields,
                settings.key(),
                settings.ratedPairs(),
                settings.unpaired(),
                settings.evalFraction(),
                settings.onStraddle(),
                settings.specialTokens(),
                maxLength,
                Math.min(maxLength, settings.maxPromptLength().orElse(maxLength)),
                settings.truncation(),
                model,
                files.get());
    }

    /** Tells whether each pair must bring a margin. */
    boolean hasMargins() {
        return fields.name(RowReader.MARGIN);
    }

    PairTokenizer tokenizer() {
        return new PairTokenizer(
                model.tokenizer(), onStraddle, specialTokens, new LengthLimit(maxLength, maxPromptLength, truncation));
    }

    /**
     * Tells where a pair goes.
     *
     * @param given what its file is used for
     */
    String split(String given, PairTokenizer.Pair pair) {
        return given.equals(Outcomes.EVAL) || HeldOutPrompts.contains(pair.prompt(), evalFraction)
                ? Outcomes.EVAL
                : Outcomes.TRAIN;
    }
}
