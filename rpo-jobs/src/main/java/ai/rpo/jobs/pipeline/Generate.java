package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.spark.generate.GenerateSettings;
import ai.rpo.spark.generate.GenerateStage;
import ai.rpo.spark.store.Fingerprint;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Prompts become completions of a model. */
final class Generate implements Stage {

    private final Workplace place;
    private final String name;
    private final String folder;
    private final List<Stage> requires;
    private final String model;
    private final Map<String, String> given;
    private final GenerateSettings settings;

    /**
     * @param requires stages that make the prompts or the model
     * @param given what it depends on beyond those, as far as others gave it
     */
    private Generate(
            Workplace place,
            String name,
            String folder,
            List<Stage> requires,
            String model,
            Map<String, String> given,
            GenerateSettings settings) {
        this.place = place;
        this.name = name;
        this.folder = folder;
        this.requires = requires;
        this.model = model;
        this.given = given;
        this.settings = settings;
    }

    /** Generates from the prompts and the model that are configured. */
    static Generate configured(Workplace place) {
        GenerateSettings settings = place.settings().generate();
        return new Generate(
                place,
                "generate",
                "generate",
                List.of(),
                place.model(),
                Map.of(
                        "rpo.generate.prompts",
                        place.inputs().data(settings.prompts()),
                        "rpo.model.path",
                        place.inputs().weights(place.model())),
                settings);
    }

    /** The reference's answers to a run's questions. */
    static Generate ofReference(Workplace place, Questions questions) {
        return new Generate(
                place,
                "answer-reference",
                "answers/reference",
                List.of(questions),
                place.reference(),
                Map.of("weights of the reference", place.inputs().weights(place.reference())),
                place.settings()
                        .generate()
                        .onceFor(List.of(place.run().path(questions.product()).toString())));
    }

    /** The trained model's answers to the same. */
    static Generate ofTrained(Workplace place, Questions questions, Stage train) {
        return new Generate(
                place,
                "answer-aligned",
                "answers/aligned",
                List.of(questions, train),
                place.run().path("model").toString(),
                Map.of(),
                place.settings()
                        .generate()
                        .onceFor(List.of(place.run().path(questions.product()).toString())));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String folder() {
        return folder;
    }

    @Override
    public String product() {
        return folder + "/completions";
    }

    @Override
    public List<Stage> requires() {
        return requires;
    }

    @Override
    public Map<String, String> dependsOn() {
        Map<String, String> values = place.configuration().effectsUnder("rpo.generate");
        values.remove("rpo.generate.prompts");
        values.putAll(place.rowValues());
        values.putAll(given);
        values.putAll(place.template().dependsOn());
        values.put("rpo.precision", place.settings().precision().key());
        return values;
    }

    @Override
    public boolean resumes() {
        return true;
    }

    @Override
    public Map<String, Long> make(Fingerprint fingerprint, Progress progress) {
        place.keepDate(place.template().choice());
        GenerateStage.Result result = new GenerateStage(
                        place.spark().session(),
                        place.open(model),
                        place.template().choice(),
                        place.promptSource(),
                        place.settings().precision(),
                        settings.of(place.tables().asFiles(settings.prompts())))
                .run(place.run().artifact(folder()), fingerprint.digest(), progress);
        place.inputs().requireUnchanged(settings.prompts());
        if (!given.isEmpty()) {
            place.inputs().requireUnchanged(model);
        }
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("prompts", result.prompts());
        report.put("completions", result.completions());
        report.put("new_tokens", result.tokens());
        report.put("finish_reasons", result.finishReasons());
        report.put("rejected", result.rejected());
        place.run().file(folder + "/report.json").write(Json.text(report));
        Map<String, Long> counts = new LinkedHashMap<>();
        counts.put("completions", result.completions());
        counts.put("new_tokens", result.tokens());
        counts.put(
                "rows_left_out",
                result.rejected().values().stream().mapToLong(Long::longValue).sum());
        return counts;
    }

    @Override
    public void cleanUp() {
        place.run().artifact(folder() + "/" + GenerateStage.SHARDS).remove();
    }
}
