package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.core.reward.Aggregate;
import ai.rpo.spark.rate.RateSettings;
import ai.rpo.spark.rate.RateStage;
import ai.rpo.spark.store.Fingerprint;
import ai.rpo.spark.store.SmallFile;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** Completions get rewards, from reward models or from a policy beside its reference. */
final class Rate implements Stage {

    private final Workplace place;
    private final String name;
    private final Rating rating;
    private final Map<String, String> given;
    private final Function<JsonNode, List<String>> words;

    /**
     * @param name of the stage and of its folder
     * @param given keys that it depends on
     * @param words what there is to say of the results
     */
    private Rate(
            Workplace place,
            String name,
            Rating rating,
            Map<String, String> given,
            Function<JsonNode, List<String>> words) {
        this.place = place;
        this.name = name;
        this.rating = rating;
        this.given = given;
        this.words = words;
    }

    static Rate configured(Workplace place) {
        return new Rate(place, "rate", rating(place), place.configuration().effectsUnder("rpo.rate"), Rate::bestOf);
    }

    /** Gives what {@code rpo.rate} says. */
    static Rating rating(Workplace place) {
        return new Rating(
                place,
                place.settings().rate(),
                Double.parseDouble(
                        place.configuration().valuesUnder("rpo.objective").get("rpo.objective.beta")));
    }

    /**
     * Measures how far the model at {@code rpo.model.path} is from the one at {@code rpo.reference.path}, by its own
     * completions: the mean of log π(y|x) − log π_ref(y|x) is their Kullback-Leibler divergence in nats a completion,
     * without bias.
     */
    static Rate distance(Workplace place) {
        RateSettings rate = place.settings().rate();
        return new Rate(
                place,
                "distance",
                new Rating(
                        place,
                        new RateSettings(List.of(RateSettings.IMPLICIT), rate.completions(), Aggregate.MEAN, 0, false),
                        1),
                Map.of(),
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
        values.put("rpo.rate.completions", place.inputs().data(completions()));
        values.putAll(rating.dependsOn());
        return values;
    }

    private List<String> completions() {
        return rating.settings().completions();
    }

    @Override
    public Map<String, String> inputs() {
        return place.inputs().described(completions());
    }

    /** Shows what is wrong with the models before Spark starts. */
    @Override
    public void checkMakeable() {
        rating.source();
    }

    @Override
    public Map<String, Long> make(Fingerprint fingerprint, Progress progress) {
        place.keepDate(rating.template().choice());
        RateStage.Result result = rating.stage().run(place.run().path(folder()), progress);
        place.inputs().requireUnchanged(completions());
        rating.models().forEach(place.inputs()::requireUnchanged);
        results().write(Json.text(report(result)));
        Map<String, Long> counts = new LinkedHashMap<>();
        counts.put("completions", result.completions());
        counts.put("rows_left_out", result.leftOut());
        return counts;
    }

    private Map<String, Object> report(RateStage.Result result) {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("models", rating.settings().model());
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
