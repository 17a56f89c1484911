package ai.rpo.spark.prepare;

import ai.rpo.core.preference.Matching;
import ai.rpo.core.preference.RatedPairs;
import ai.rpo.core.text.SpellingPolicy;
import ai.rpo.core.text.StraddlePolicy;
import ai.rpo.core.text.Truncation;
import ai.rpo.spark.prepare.DataSettings.Fields;
import ai.rpo.spark.prepare.DataSettings.PairLimits;
import ai.rpo.spark.prepare.DataSettings.Unpaired;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/** Settings that leave everything as it is but what is given. */
final class PlainSettings {

    private final List<String> train;
    private List<String> eval = List.of();
    private double evalFraction;
    private OptionalInt maxPromptLength = OptionalInt.empty();
    private Truncation truncation = Truncation.DROP;
    private Fields fields = Fields.USUAL;
    private RatedPairs ratedPairs = RatedPairs.BEST_WORST;
    private Unpaired unpaired = Unpaired.USUAL;
    private boolean nearDuplicates;
    private PairLimits limits = PairLimits.NONE;
    private double maxRejectedFraction = 1;

    private PlainSettings(List<String> train) {
        this.train = train;
    }

    static PlainSettings of(Path... train) {
        return new PlainSettings(Stream.of(train).map(PlainSettings::escaped).toList());
    }

    static PlainSettings of(String uri) {
        return new PlainSettings(List.of(uri));
    }

    /** Brackets in a path mean a glob. */
    private static String escaped(Path path) {
        return path.toString().replace("[", "\\[").replace("]", "\\]");
    }

    PlainSettings eval(Path file) {
        eval = List.of(escaped(file));
        return this;
    }

    PlainSettings evalFraction(double fraction) {
        evalFraction = fraction;
        return this;
    }

    PlainSettings promptsCutTo(int tokens) {
        maxPromptLength = OptionalInt.of(tokens);
        truncation = Truncation.KEEP_END_OF_PROMPT;
        return this;
    }

    PlainSettings fields(Fields names) {
        fields = names;
        return this;
    }

    PlainSettings allRatedPairs() {
        ratedPairs = RatedPairs.ALL;
        return this;
    }

    PlainSettings allUnpaired(int maxPairsPerPrompt) {
        unpaired = new Unpaired(Matching.ALL, maxPairsPerPrompt);
        return this;
    }

    PlainSettings nearDuplicates() {
        nearDuplicates = true;
        return this;
    }

    PlainSettings limits(double duplicates, double conflicts, double leaked) {
        limits = new PairLimits(duplicates, conflicts, leaked);
        return this;
    }

    PlainSettings maxRejectedFraction(double fraction) {
        maxRejectedFraction = fraction;
        return this;
    }

    DataSettings build() {
        return new DataSettings(
                train,
                eval,
                evalFraction,
                OptionalInt.empty(),
                maxPromptLength,
                Optional.empty(),
                StraddlePolicy.SEPARATE,
                SpellingPolicy.AS_TEXT,
                truncation,
                fields,
                ratedPairs,
                unpaired,
                nearDuplicates,
                limits,
                maxRejectedFraction);
    }
}
