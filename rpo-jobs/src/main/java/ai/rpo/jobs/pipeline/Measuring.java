package ai.rpo.jobs.pipeline;

import ai.rpo.core.RpoException;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.core.train.SelectionSettings;
import ai.rpo.jobs.config.JudgingSettings;
import ai.rpo.spark.gauge.GaugeSettings;
import ai.rpo.spark.gauge.GaugedCheckpoints;
import ai.rpo.spark.gauge.ModelRater;
import ai.rpo.spark.gauge.PolicyGauge;
import ai.rpo.spark.gauge.Rater;
import ai.rpo.spark.rate.RateSettings;
import ai.rpo.spark.store.Fingerprint;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Says how the policies of a run are held against its reference, which {@code rpo.gauge} describes. */
record Measuring(Workplace place) {

    private static final List<String> PAIRS = List.of("reference/eval", "reference/train");

    private GaugeSettings settings() {
        return place.settings().gauge();
    }

    /** Tells whether policies are measured at all. */
    boolean isOn() {
        return settings().isOn();
    }

    /** Reward models that are optimized against; empty where none are named. */
    Optional<Rating> proxy() {
        List<String> models = settings().proxy().isEmpty()
                ? place.settings().rate().model().stream()
                        .filter(model -> !model.equals(RateSettings.IMPLICIT))
                        .toList()
                : settings().proxy();
        return rating(models, List.of());
    }

    /** Reward models that are not; empty where none are named. */
    private Optional<Rating> goldModels() {
        return settings().judged() ? Optional.empty() : rating(settings().gold(), List.of());
    }

    /** Who grades the completions, if not reward models. */
    private Optional<JudgeRater> goldJudge() {
        if (!settings().judged()) {
            return Optional.empty();
        }
        JudgingSettings judging = place.settings().judge();
        return Optional.of(new JudgeRater(
                settings().gold().contains(GaugeSettings.PROGRAM) ? Asking.verifier(place) : Asking.configured(place),
                judging.questions().isEmpty() ? settings().prompts() : judging.questions(),
                judging.allowMissing()));
    }

    private Optional<Rating> rating(List<String> models, List<String> completions) {
        RateSettings rate = place.settings().rate();
        return models.isEmpty()
                ? Optional.empty()
                : Optional.of(new Rating(
                        place,
                        new RateSettings(
                                models, completions, rate.aggregate(), rate.varianceWeight(), rate.tokenizeAgain()),
                        1));
    }

    /**
     * Looks for what would stop the measuring, as far as that needs no Spark.
     *
     * @throws RpoException where there is something
     */
    void check() {
        SelectionSettings selection = place.settings().selection();
        if (selection.isByGauge()) {
            String metric = selection.metric().orElseThrow();
            if (!isOn()) {
                throw RpoException.configuration("Cannot choose a checkpoint by rpo.selection.metric = " + metric
                        + ": nothing is gauged. Name prompts with rpo.gauge.prompts.");
            }
            if (metric.equals("gold") ? settings().gold().isEmpty() : proxy().isEmpty()) {
                throw RpoException.configuration("Cannot choose a checkpoint by rpo.selection.metric = " + metric
                        + ": there is no such reward. Name reward models with rpo.gauge." + metric
                        + (metric.equals("gold") ? ", or judge or program." : "."));
            }
        }
        if (isOn()) {
            Stream.of(proxy(), goldModels()).flatMap(Optional::stream).forEach(Rating::requireTokensOfPolicy);
            goldJudge().ifPresent(JudgeRater::check);
        }
    }

    /** Gives what a point depends on, beside the policy. */
    Map<String, String> dependsOn() {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("rpo.gauge.prompts", place.inputs().data(settings().prompts()));
        values.put("rpo.gauge.samples", String.valueOf(settings().samples()));
        Map<String, String> generate = place.configuration().valuesUnder("rpo.generate");
        for (String key : List.of("seed", "stop", "max-new-tokens")) {
            values.put("rpo.generate." + key, generate.get("rpo.generate." + key));
        }
        values.putAll(place.rowValues());
        values.putAll(place.template().dependsOn());
        values.put("rpo.precision", place.settings().precision().key());
        values.put("weights of the reference", place.inputs().weights(place.reference()));
        Map<String, String> rate = place.configuration().valuesUnder("rpo.rate");
        for (String key : List.of("aggregate", "variance-weight", "tokenize-again")) {
            values.put("rpo.rate." + key, rate.get("rpo.rate." + key));
        }
        proxy().ifPresent(rating -> rating.dependsOn().forEach((key, value) -> values.put("proxy: " + key, value)));
        goldModels().ifPresent(rating -> rating.dependsOn().forEach((key, value) -> values.put("gold: " + key, value)));
        goldJudge().ifPresent(judge -> {
            values.put("rpo.gauge.gold", String.join(", ", settings().gold()));
            values.putAll(judge.asking().ofRatings());
            values.put("right answers", place.inputs().data(judge.questions()));
        });
        return values;
    }

    /** Whose log-probabilities are compared; empty where none have been scored. */
    Optional<String> pairs() {
        return PAIRS.stream().filter(place.run()::exists).findFirst();
    }

    /** Opens what measures, with its points in a folder of the run. */
    PolicyGauge gauge(String folder) {
        TemplateChoice template = place.template().choice();
        place.keepDate(template);
        PolicyGauge.Plan plan = new PolicyGauge.Plan(
                new Fingerprint(dependsOn()).digest(),
                place.open(place.reference()),
                template,
                place.promptSource(),
                place.settings()
                        .generate()
                        .wholeDistribution(
                                place.tables().asFiles(settings().prompts()),
                                settings().samples()),
                place.scoring(),
                proxy().map(this::rater),
                goldModels().map(this::rater).or(this::goldJudge),
                pairs().map(place.run()::path));
        return new PolicyGauge(
                place.spark().session(),
                plan,
                place.run().path(folder),
                place.run().fence());
    }

    /** Measures the checkpoints of a training. */
    GaugedCheckpoints ofCheckpoints(String folder) {
        return new GaugedCheckpoints(gauge(folder), settings().every());
    }

    private Rater rater(Rating rating) {
        return new ModelRater(
                place.spark().session(), completions -> rating(rating.models(), List.of(completions.toString()))
                        .orElseThrow()
                        .stage());
    }
}
