package ai.rpo.spark.prepare;

import ai.rpo.core.preference.FieldNames;
import ai.rpo.core.preference.Matching;
import ai.rpo.core.preference.RatedPairs;
import ai.rpo.core.preference.RowFormats;
import ai.rpo.core.text.SpellingPolicy;
import ai.rpo.core.text.StraddlePolicy;
import ai.rpo.core.text.Truncation;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Says where the data come from and what becomes of them; the keys of {@code rpo.data}.
 *
 * @param train files, folders or globs; JSON lines, JSON arrays or Parquet
 * @param eval held-out data of the same kinds; none where empty
 * @param evalFraction share of the training prompts that is held out instead
 * @param maxLength the most tokens of a prompt with either completion; the model's context where absent
 * @param maxPromptLength the most tokens of a prompt; no limit of its own where absent
 * @param format name of the format of every row; recognised row by row where absent
 * @param onStraddle what becomes of a completion that begins inside a token of the prompt
 * @param specialTokens how rows of text are read that spell special tokens
 * @param truncation what becomes of a row above either limit
 * @param fields what the data call the formats' fields
 * @param key columns that tell rows apart, which they keep through all stages; none where empty
 * @param ratedPairs which pairs are made of several rated completions
 * @param unpaired how completions that stand alone become pairs
 * @param nearDuplicates whether pairs that are much like others are looked for
 * @param limits above which findings stop the job
 * @param maxRejectedFraction share of the rows above which leaving rows out stops the job
 */
public record DataSettings(
        List<String> train,
        List<String> eval,
        double evalFraction,
        OptionalInt maxLength,
        OptionalInt maxPromptLength,
        Optional<String> format,
        StraddlePolicy onStraddle,
        SpellingPolicy specialTokens,
        Truncation truncation,
        Fields fields,
        List<String> key,
        RatedPairs ratedPairs,
        Unpaired unpaired,
        boolean nearDuplicates,
        PairLimits limits,
        double maxRejectedFraction) {

    /** Columns of what the stages write. */
    private static final Set<String> TAKEN = Set.of(
            "ordinal",
            "split",
            "margin",
            "prompt_ids",
            "chosen_ids",
            "rejected_ids",
            "completion_ids",
            "ref_chosen_logps",
            "ref_rejected_logps",
            "logp",
            "token_logps",
            "prompt_tokens",
            "chosen_tokens",
            "rejected_tokens",
            "completion_tokens",
            "ref_chosen_token_logps",
            "ref_rejected_token_logps");

    /**
     * Names of fields in the data; the formats' own where absent.
     *
     * @param ignored fields to pass over
     */
    public record Fields(
            Optional<String> prompt,
            Optional<String> chosen,
            Optional<String> rejected,
            Optional<String> completion,
            Optional<String> completions,
            Optional<String> scores,
            Optional<String> label,
            List<String> ignored) {

        public static final Fields USUAL = new Fields(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of());

        /** Gives the names as readers of rows take them. */
        public FieldNames names() {
            return FieldNames.of(prompt, chosen, rejected, completion, completions, scores, label, ignored);
        }
    }

    /**
     * Says how the good and the bad completions of a prompt become pairs.
     *
     * @param matching which go together
     * @param maxPairsPerPrompt the most pairs of a prompt
     */
    public record Unpaired(Matching matching, int maxPairsPerPrompt) implements Serializable {

        public static final Unpaired USUAL = new Unpaired(Matching.IN_ORDER, 64);

        public Unpaired {
            if (maxPairsPerPrompt < 1) {
                throw new IllegalArgumentException(
                        "max-pairs-per-prompt must be at least 1, but is " + maxPairsPerPrompt);
            }
        }
    }

    /**
     * Shares of the kept rows above which the job stops; 1 for never.
     *
     * @param maxDuplicateFraction of rows that repeat another row
     * @param maxConflictFraction of rows whose pair stands in both orders
     * @param maxLeakedFraction of held-out rows whose prompt is trained on too
     */
    public record PairLimits(double maxDuplicateFraction, double maxConflictFraction, double maxLeakedFraction) {

        public static final PairLimits NONE = new PairLimits(1, 1, 1);

        public PairLimits {
            List<String> problems = new ArrayList<>();
            check("max-duplicate-fraction", maxDuplicateFraction, problems);
            check("max-conflict-fraction", maxConflictFraction, problems);
            check("max-leaked-fraction", maxLeakedFraction, problems);
            if (!problems.isEmpty()) {
                throw new IllegalArgumentException(String.join("\n", problems));
            }
        }

        private static void check(String key, double value, List<String> problems) {
            if (!(value >= 0 && value <= 1)) {
                problems.add(key + " must lie between 0 and 1, but is " + value);
            }
        }
    }

    /**
     * Starts from the defaults of {@code rpo.data}.
     *
     * @param train files, folders or globs
     */
    public static DataSettingsBuilder builder(List<String> train) {
        return new DataSettingsBuilder(train);
    }

    /** Starts from these settings. */
    public DataSettingsBuilder toBuilder() {
        return new DataSettingsBuilder(this);
    }

    public DataSettings {
        train = List.copyOf(train);
        eval = List.copyOf(eval);
        key = List.copyOf(key);
        List<String> problems = new ArrayList<>();
        if (key.stream().anyMatch(TAKEN::contains)) {
            problems.add("key must name columns of the data's own, but is " + String.join(", ", key));
        }
        if (Set.copyOf(key).size() < key.size()) {
            problems.add("key must name each column once, but is " + String.join(", ", key));
        }
        if (!(evalFraction >= 0 && evalFraction < 1)) {
            problems.add("eval-fraction must be at least 0 and below 1, but is " + evalFraction);
        }
        if (evalFraction > 0 && !eval.isEmpty()) {
            problems.add("eval-fraction must be 0 where eval is given, but is " + evalFraction);
        }
        if (maxLength.isPresent() && maxLength.getAsInt() < 2) {
            problems.add("max-length must be at least 2, but is " + maxLength.getAsInt());
        }
        if (maxPromptLength.isPresent() && maxPromptLength.getAsInt() < 2) {
            problems.add("max-prompt-length must be at least 2, but is " + maxPromptLength.getAsInt());
        }
        if (!(maxRejectedFraction >= 0 && maxRejectedFraction <= 1)) {
            problems.add("max-rejected-fraction must lie between 0 and 1, but is " + maxRejectedFraction);
        }
        format.filter(name -> RowFormats.named(name).isEmpty())
                .ifPresent(name -> problems.add(
                        "format must be one of " + String.join(", ", RowFormats.names()) + ", but is " + name));
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }
}
