package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.prepare.DataSettings;
import ai.rpo.spark.rate.RateSettings;
import ai.rpo.spark.rate.RateStage;
import ai.rpo.spark.rate.RewardSource;
import ai.rpo.spark.store.Fingerprint;
import ai.rpo.spark.store.InputFiles;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/** Completions get rewards, from reward models or from a policy beside its reference. */
final class Rate implements Stage {

    private static final String RESULTS = "rate/results.json";

    /** Of the keys under {@code rpo.data}, those that say how a single row is read. */
    private static final List<String> OF_A_ROW = List.of(
            "rpo.data.max-length",
            "rpo.data.max-prompt-length",
            "rpo.data.truncation",
            "rpo.data.on-straddle",
            "rpo.data.special-tokens");

    private final Workplace place;
    private final RateSettings settings;

    Rate(Workplace place) {
        this.place = place;
        this.settings = place.settings().rate();
    }

    @Override
    public String name() {
        return "rate";
    }

    @Override
    public String folder() {
        return "rate";
    }

    @Override
    public String product() {
        return "rate/ratings";
    }

    @Override
    public List<Stage> requires() {
        return List.of();
    }

    @Override
    public Map<String, String> dependsOn() {
        Map<String, String> values = new LinkedHashMap<>(place.configuration().valuesUnder("rpo.rate"));
        values.put("rpo.rate.completions", place.inputs().data(settings.completions()));
        for (String model : models()) {
            values.put("weights of " + model, place.inputs().weights(model));
        }
        Map<String, String> data = place.configuration().valuesUnder("rpo.data");
        OF_A_ROW.forEach(key -> values.put(key, data.get(key)));
        values.putAll(place.configuration().valuesUnder("rpo.data.fields"));
        values.putAll(template().dependsOn());
        values.put("rpo.precision", place.settings().precision().key());
        if (settings.isImplicit()) {
            values.put("rpo.objective.beta", String.valueOf(beta()));
        }
        return values;
    }

    /** Folders of the models whose numbers are needed, the first of which reads the rows. */
    private List<String> models() {
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

    private double beta() {
        return Double.parseDouble(
                place.configuration().valuesUnder("rpo.objective").get("rpo.objective.beta"));
    }

    private ModelTemplate template() {
        return place.template(
                settings.isImplicit() ? "rpo.model" : "rpo.rate.model",
                models().get(0),
                place.inputs(),
                place.settings().model().chatTemplate());
    }

    private RewardSource source() {
        if (settings.isImplicit()) {
            return new RewardSource.Implicit(place.open(models().get(0)), place.open(models().get(1)), beta());
        }
        Configuration hadoop = place.spark().hadoop();
        return new RewardSource.Ensemble(models().stream()
                .map(model -> place.remarks().of(LocalModel.ofReward(model, hadoop)))
                .toList());
    }

    @Override
    public Map<String, String> inputs() {
        Configuration hadoop = place.spark().hadoop();
        return InputFiles.resolve(settings.completions(), hadoop).byUri(hadoop);
    }

    /** What is wrong with the models shows before Spark starts. */
    @Override
    public void checkMakeable() {
        source();
    }

    @Override
    public Map<String, Long> make(Fingerprint fingerprint, Progress progress) {
        TemplateChoice template = template().choice();
        place.keepDate(template);
        RateStage.Result result = new RateStage(
                        place.spark().session(), source(), template, rows(), place.scoring(), settings, place.scores())
                .run(place.run().path(folder()), progress);
        place.inputs().requireUnchanged(settings.completions());
        models().forEach(place.inputs()::requireUnchanged);
        place.run().file(RESULTS).write(Json.text(report(result)));
        Map<String, Long> counts = new LinkedHashMap<>();
        counts.put("completions", result.completions());
        counts.put("rows_left_out", result.leftOut());
        return counts;
    }

    /** How a row of completions is read. */
    private DataSettings rows() {
        return place.settings().data().toBuilder()
                .train(settings.completions())
                .eval(List.of())
                .evalFraction(0)
                .format(Optional.empty())
                .nearDuplicates(false)
                .build();
    }

    private Map<String, Object> report(RateStage.Result result) {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("models", settings.model());
        report.put("completions", result.completions());
        report.put("rows_left_out", result.leftOut());
        report.put("reward", result.reward());
        report.put("prompts_with_several", result.prompts());
        report.put("best_of", result.bestOf());
        return report;
    }

    @Override
    public List<String> summary() {
        JsonNode results = Json.tree(place.run().file(RESULTS).read().orElseThrow());
        List<String> lines = new ArrayList<>();
        for (JsonNode best : results.get("best_of")) {
            JsonNode reward = best.get("reward");
            lines.add(String.format(
                    Locale.ROOT,
                    "  best of %d: reward %.4f, 95 %% interval %.4f to %.4f, over %,d prompts, %.3f nats from one sample",
                    best.get("n").asInt(),
                    reward.get("mean").asDouble(),
                    reward.get("low").asDouble(),
                    reward.get("high").asDouble(),
                    results.get("prompts_with_several").asLong(),
                    best.get("kl").asDouble()));
        }
        return lines;
    }

    @Override
    public void cleanUp() {
        place.run().artifact(folder() + "/" + RateStage.WORK).remove();
    }
}
