package ai.rpo.spark.prepare;

import ai.rpo.core.preference.RatedPairs;
import ai.rpo.core.text.StraddlePolicy;
import ai.rpo.core.text.Truncation;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Settings that leave everything as it is but what is given. */
final class PlainSettings {

    private PlainSettings() {}

    static DataSettings of(List<String> train, List<String> eval, double evalFraction, double maxRejectedFraction) {
        return new DataSettings(
                train,
                eval,
                evalFraction,
                OptionalInt.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                StraddlePolicy.SEPARATE,
                Truncation.DROP,
                DataSettings.Fields.USUAL,
                RatedPairs.BEST_WORST,
                false,
                DataSettings.PairLimits.NONE,
                maxRejectedFraction);
    }
}
