package ai.rpo.jobs.pipeline;

import ai.rpo.core.RpoException;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.prepare.DataSettings;
import ai.rpo.spark.rate.RateSettings;
import ai.rpo.spark.rate.RateStage;
import ai.rpo.spark.rate.RewardSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/**
 * Says how models give completions their rewards, which {@code rpo.rate} describes.
 *
 * @param beta what an implicit reward is multiplied by
 */
record Rating(Workplace place, RateSettings settings, double beta) {

    /** Names, of the keys under {@code rpo.data}, those that say how a single row is read. */
    private static final List<String> OF_A_ROW = List.of(
            "rpo.data.max-length",
            "rpo.data.max-prompt-length",
            "rpo.data.truncation",
            "rpo.data.on-straddle",
            "rpo.data.special-tokens");

    /** Folders of the models whose numbers are needed, the first of which reads the rows. */
    List<String> models() {
        if (!settings.isImplicit()) {
            return settings.model();
        }
        List<String> models = new ArrayList<>();
        place.settings().model().path().ifPresent(models::add);
        place.settings().reference().path().ifPresent(models::add);
        if (models.size() < 2) {
            throw RpoException.configuration("Cannot rate by rpo.rate.model = " + RateSettings.IMPLICIT
                    + ": it takes a policy and its reference. Name them with rpo.model.path and rpo.reference.path.");
        }
        return models;
    }

    /** Gives what a reward depends on beside the completion. */
    Map<String, String> dependsOn() {
        Map<String, String> values = new LinkedHashMap<>();
        for (String model : models()) {
            values.put("weights of " + model, place.inputs().weights(model));
        }
        Map<String, String> data = place.configuration().valuesUnder("rpo.data");
        OF_A_ROW.forEach(key -> values.put(key, data.get(key)));
        values.putAll(place.configuration().valuesUnder("rpo.data.fields"));
        values.putAll(template().dependsOn());
        values.put("rpo.precision", place.settings().precision().key());
        if (settings.isImplicit()) {
            values.put("rpo.objective.beta", String.valueOf(beta));
        }
        return values;
    }

    /** Tells how the first of the models writes conversations. */
    ModelTemplate template() {
        return place.template(
                settings.isImplicit() ? "rpo.model" : "rpo.rate.model",
                models().get(0),
                place.inputs(),
                place.settings().model().chatTemplate());
    }

    /** Opens the models; what is wrong with them shows here, without Spark. */
    RewardSource source() {
        if (settings.isImplicit()) {
            return new RewardSource.Implicit(place.open(models().get(0)), place.open(models().get(1)), beta);
        }
        Configuration hadoop = place.spark().hadoop();
        return new RewardSource.Ensemble(models().stream()
                .map(model -> place.remarks().of(LocalModel.ofReward(model, hadoop)))
                .toList());
    }

    /**
     * Looks at whether the models read the tokens of the model at {@code rpo.model.path}, where they are not to read its text.
     *
     * @throws RpoException where they have another vocabulary
     */
    void requireTokensOfPolicy() {
        RewardSource source = source();
        if (!settings.tokenizeAgain()) {
            source.requireTokensOf(place.located());
        }
    }

    RateStage stage() {
        return new RateStage(
                place.spark().session(),
                source(),
                template().choice(),
                rows(),
                place.scoring(),
                settings.of(place.tables().asFiles(settings.completions())),
                place.scores());
    }

    /** Tells how a row of completions is read. */
    private DataSettings rows() {
        return place.settings().data().toBuilder()
                .train(settings.completions())
                .eval(List.of())
                .evalFraction(0)
                .format(Optional.empty())
                .nearDuplicates(false)
                .build();
    }
}
