package ai.rpo.spark.prepare;

import ai.rpo.core.preference.RatedPairs;
import ai.rpo.core.text.SpellingPolicy;
import ai.rpo.core.text.StraddlePolicy;
import ai.rpo.core.text.Truncation;
import ai.rpo.spark.prepare.DataSettings.Fields;
import ai.rpo.spark.prepare.DataSettings.PairLimits;
import ai.rpo.spark.prepare.DataSettings.Unpaired;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Builds {@link DataSettings}; what is not set has the default of {@code rpo.data}. */
public final class DataSettingsBuilder {

    private List<String> train;
    private List<String> eval = List.of();
    private double evalFraction;
    private OptionalInt maxLength = OptionalInt.empty();
    private OptionalInt maxPromptLength = OptionalInt.empty();
    private Optional<String> format = Optional.empty();
    private StraddlePolicy onStraddle = StraddlePolicy.SEPARATE;
    private SpellingPolicy specialTokens = SpellingPolicy.AS_TEXT;
    private Truncation truncation = Truncation.DROP;
    private Fields fields = Fields.USUAL;
    private List<String> key = List.of();
    private RatedPairs ratedPairs = RatedPairs.BEST_WORST;
    private Unpaired unpaired = Unpaired.USUAL;
    private boolean nearDuplicates;
    private PairLimits limits = PairLimits.NONE;
    private double maxRejectedFraction = 0.5;

    DataSettingsBuilder(List<String> train) {
        this.train = train;
    }

    /** Starts from settings that are there. */
    DataSettingsBuilder(DataSettings settings) {
        train = settings.train();
        eval = settings.eval();
        evalFraction = settings.evalFraction();
        maxLength = settings.maxLength();
        maxPromptLength = settings.maxPromptLength();
        format = settings.format();
        onStraddle = settings.onStraddle();
        specialTokens = settings.specialTokens();
        truncation = settings.truncation();
        fields = settings.fields();
        key = settings.key();
        ratedPairs = settings.ratedPairs();
        unpaired = settings.unpaired();
        nearDuplicates = settings.nearDuplicates();
        limits = settings.limits();
        maxRejectedFraction = settings.maxRejectedFraction();
    }

    /** Names files, folders or globs of rows to train on. */
    public DataSettingsBuilder train(List<String> value) {
        train = value;
        return this;
    }

    /** Names held-out rows of the same kinds. */
    public DataSettingsBuilder eval(List<String> value) {
        eval = value;
        return this;
    }

    /** Sets the share of the training prompts that is held out instead. */
    public DataSettingsBuilder evalFraction(double value) {
        evalFraction = value;
        return this;
    }

    /** Sets the most tokens of a prompt with either completion; the model's context where empty. */
    public DataSettingsBuilder maxLength(OptionalInt value) {
        maxLength = value;
        return this;
    }

    /** Sets the most tokens of a prompt; no limit of its own where empty. */
    public DataSettingsBuilder maxPromptLength(OptionalInt value) {
        maxPromptLength = value;
        return this;
    }

    /** Names the format of every row; recognised row by row where empty. */
    public DataSettingsBuilder format(Optional<String> value) {
        format = value;
        return this;
    }

    /** Sets what becomes of a completion that begins inside a token of the prompt. */
    public DataSettingsBuilder onStraddle(StraddlePolicy value) {
        onStraddle = value;
        return this;
    }

    /** Sets how rows of text are read that spell special tokens. */
    public DataSettingsBuilder specialTokens(SpellingPolicy value) {
        specialTokens = value;
        return this;
    }

    /** Sets what becomes of a row above either limit. */
    public DataSettingsBuilder truncation(Truncation value) {
        truncation = value;
        return this;
    }

    /** Sets what the data call the formats' fields. */
    public DataSettingsBuilder fields(Fields value) {
        fields = value;
        return this;
    }

    /** Names columns that tell rows apart, which they keep through all stages. */
    public DataSettingsBuilder key(List<String> value) {
        key = value;
        return this;
    }

    /** Sets which pairs are made of several rated completions. */
    public DataSettingsBuilder ratedPairs(RatedPairs value) {
        ratedPairs = value;
        return this;
    }

    /** Sets how completions that stand alone become pairs. */
    public DataSettingsBuilder unpaired(Unpaired value) {
        unpaired = value;
        return this;
    }

    /** Looks for pairs that are much like others. */
    public DataSettingsBuilder nearDuplicates(boolean value) {
        nearDuplicates = value;
        return this;
    }

    /** Sets limits above which findings stop the job. */
    public DataSettingsBuilder limits(PairLimits value) {
        limits = value;
        return this;
    }

    /** Sets the share of the rows above which leaving rows out stops the job. */
    public DataSettingsBuilder maxRejectedFraction(double value) {
        maxRejectedFraction = value;
        return this;
    }

    /** @throws IllegalArgumentException if values are out of range, all of them named */
    public DataSettings build() {
        return new DataSettings(
                train,
                eval,
                evalFraction,
                maxLength,
                maxPromptLength,
                format,
                onStraddle,
                specialTokens,
                truncation,
                fields,
                key,
                ratedPairs,
                unpaired,
                nearDuplicates,
                limits,
                maxRejectedFraction);
    }
}
