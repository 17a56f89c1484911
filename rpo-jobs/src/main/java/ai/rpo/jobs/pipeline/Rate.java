package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.reward.Aggregate;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.prepare.DataSettings;
import ai.rpo.spark.rate.RateSettings;
import ai.rpo.spark.rate.RateStage;
import ai.rpo.spark.rate.RewardSource;
import ai.rpo.spark.store.Fingerprint;
import ai.rpo.spark.store.SmallFile;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;

/** Completions get rewards, from reward models or from a policy beside its reference. */
final class Rate implements Stage {

    /** Of the keys under {@code rpo.data}, those that say how a single row is read. */
    private static final List<String> OF_A_ROW = List.of(
            "rpo.data.max-length",
            "rpo.data.max-prompt-length",
            "rpo.data.truncation",
            "rpo.data.on-straddle",
            "rpo.data.special-tokens");

    private final Workplace place;
    private final String name;
    private final RateSettings settings;
    private final Map<String, String> given;
    private final double beta;
    private final Function<JsonNode, List<String>> words;

    /**
     * @param name of the stage and of its folder
     * @param given keys that it depends on
     * @param beta what an implicit reward is multiplied by
     * @param words what there is to say of the results
     */
    private Rate(
            Workplace place,
            String name,
            RateSettings settings,
            Map<String, String> given,
            double beta,
            Function<JsonNode, List<String>> words) {
        this.place = place;
        this.name = name;
        this.settings = settings;
        this.given = given;
        this.beta = beta;
        this.words = words;
    }

    static Rate configured(Workplace place) {
        return new Rate(
                place,
                "rate",
                place.settings().rate(),
                place.configuration().valuesUnder("rpo.rate"),
                Double.parseDouble(
                        place.configuration().valuesUnder("rpo.objective").get("rpo.objective.beta")),
                Rate::bestOf);
    }

    /**
     * Measures how far the model at {@code rpo.model.path} is from the one at {@code rpo.reference.path}, by its own
     * completions: the mean of log π(y|x) − log π_ref(y|x) is their Kullback-Leibler divergence in nats a completion, without
     * bias.
     */
    static Rate distance(Workplace place) {
        RateSettings rate = place.settings().rate();
        return new Rate(
                place,
                "distance",
                new RateSettings(List.of(RateSettings.IMPLICIT), rate.completions(), Aggregate.MEAN, 0, false),
                Map.of(),
                1,
                Rate::nats);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String folder() {
        return name;
    }

    @Override
    public String product() {
        return folder() + "/ratings";
    }

    private SmallFile results() {
        return place.run().file(folder() + "/results.json");
    }

    @Override
    public List<Stage> requires() {
        return List.of();
    }

    @Override
    public Map<String, String> dependsOn() {
        Map<String, String> values = new LinkedHashMap<>(given);
        values.remove("rpo.rate.table");
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
            values.put("rpo.objective.beta", String.valueOf(beta));
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

    private ModelTemplate template() {
        return place.template(
                settings.isImplicit() ? "rpo.model" : "rpo.rate.model",
                models().get(0),
                place.inputs(),
                place.settings().model().chatTemplate());
    }

    private RewardSource source() {
        if (settings.isImplicit()) {
            return new RewardSource.Implicit(place.open(models().get(0)), place.open(models().get(1)), beta);
        }
        Configuration hadoop = place.spark().hadoop();
        return new RewardSource.Ensemble(models().stream()
                .map(model -> place.remarks().of(LocalModel.ofReward(model, hadoop)))
                .toList());
    }

    @Override
    public Map<String, String> inputs() {
        return place.inputs().described(settings.completions());
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
                        place.spark().session(),
                        source(),
                        template,
                        rows(),
                        place.scoring(),
                        settings.of(place.tables().asFiles(settings.completions())),
                        place.scores())
                .run(place.run().path(folder()), progress);
        place.inputs().requireUnchanged(settings.completions());
        models().forEach(place.inputs()::requireUnchanged);
        results().write(Json.text(report(result)));
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
        return words.apply(Json.tree(results().read().orElseThrow()));
    }

    private static List<String> bestOf(JsonNode results) {
        List<String> lines = new ArrayList<>();
        for (JsonNode best : results.get("best_of")) {
            lines.add(String.format(
                    Locale.ROOT,
                    "  best of %d: reward %s, over %,d prompts, %.3f nats from one sample",
                    best.get("n").asInt(),
                    interval(best.get("reward")),
                    results.get("prompts_with_several").asLong(),
                    best.get("kl").asDouble()));
        }
        return lines;
    }

    private static List<String> nats(JsonNode results) {
        return List.of("  nats a completion from the reference: " + interval(results.get("reward")));
    }

    private static String interval(JsonNode estimate) {
        return String.format(
                Locale.ROOT,
                "%.4f, 95 %% interval %.4f to %.4f",
                estimate.get("mean").asDouble(),
                estimate.get("low").asDouble(),
                estimate.get("high").asDouble());
    }

    @Override
    public void cleanUp() {
        place.run().artifact(folder() + "/" + RateStage.WORK).remove();
    }
}
