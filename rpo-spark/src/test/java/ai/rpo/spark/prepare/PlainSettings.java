package ai.rpo.spark.prepare;

import ai.rpo.core.preference.Matching;
import ai.rpo.core.preference.RatedPairs;
import ai.rpo.core.text.Truncation;
import ai.rpo.spark.prepare.DataSettings.Fields;
import ai.rpo.spark.prepare.DataSettings.PairLimits;
import ai.rpo.spark.prepare.DataSettings.Unpaired;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;

/** Settings for tests, under which no share of unfit rows stops a job. */
final class PlainSettings {

    private final DataSettingsBuilder settings;

    private PlainSettings(List<String> train) {
        settings = DataSettings.builder(train).maxRejectedFraction(1);
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
        settings.eval(List.of(escaped(file)));
        return this;
    }

    PlainSettings evalFraction(double fraction) {
        settings.evalFraction(fraction);
        return this;
    }

    PlainSettings promptsCutTo(int tokens) {
        settings.maxPromptLength(OptionalInt.of(tokens)).truncation(Truncation.KEEP_END_OF_PROMPT);
        return this;
    }

    PlainSettings fields(Fields names) {
        settings.fields(names);
        return this;
    }

    PlainSettings allRatedPairs() {
        settings.ratedPairs(RatedPairs.ALL);
        return this;
    }

    PlainSettings allUnpaired(int maxPairsPerPrompt) {
        settings.unpaired(new Unpaired(Matching.ALL, maxPairsPerPrompt));
        return this;
    }

    PlainSettings nearDuplicates() {
        settings.nearDuplicates(true);
        return this;
    }

    PlainSettings limits(double duplicates, double conflicts, double leaked) {
        settings.limits(new PairLimits(duplicates, conflicts, leaked));
        return this;
    }

    PlainSettings maxRejectedFraction(double fraction) {
        settings.maxRejectedFraction(fraction);
        return this;
    }

    DataSettings build() {
        return settings.build();
    }
}
