package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.spark.generate.GenerateSettings;
import ai.rpo.spark.generate.GenerateStage;
import ai.rpo.spark.generate.PromptSource;
import ai.rpo.spark.prepare.DataSettings;
import ai.rpo.spark.store.Fingerprint;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Prompts become completions of the model. */
final class Generate implements Stage {

    private final Workplace place;

    Generate(Workplace place) {
        this.place = place;
    }

    @Override
    public String name() {
        return "generate";
    }

    @Override
    public String folder() {
        return "generate";
    }

    @Override
    public String product() {
        return "generate/completions";
    }

    @Override
    public List<Stage> requires() {
        return List.of();
    }

    @Override
    public Map<String, String> dependsOn() {
        Map<String, String> values = new LinkedHashMap<>(place.configuration().valuesUnder("rpo.generate"));
        values.put(
                "rpo.generate.prompts",
                place.inputs().data(place.settings().generate().prompts()));
        values.putAll(place.configuration().valuesUnder("rpo.data.fields"));
        for (String key : List.of("rpo.data.format", "rpo.data.special-tokens")) {
            values.put(key, place.configuration().valuesUnder("rpo.data").get(key));
        }
        values.remove("rpo.generate.completions-at-once"); // changes what a run costs
        values.put("rpo.model.path", place.inputs().weights(place.model()));
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
        GenerateSettings settings = place.settings().generate();
        DataSettings data = place.settings().data();
        GenerateStage.Result result = new GenerateStage(
                        place.spark().session(),
                        place.open(place.model()),
                        place.template().choice(),
                        new PromptSource(
                                data.format().orElse(null), data.fields().names(), data.specialTokens()),
                        place.settings().precision(),
                        settings)
                .run(place.run().artifact(folder()), fingerprint.digest(), progress);
        place.inputs().requireUnchanged(settings.prompts());
        place.inputs().requireUnchanged(place.model());
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("prompts", result.prompts());
        report.put("completions", result.completions());
        report.put("new_tokens", result.tokens());
        report.put("finish_reasons", result.finishReasons());
        report.put("rejected", result.rejected());
        place.run().file("generate/report.json").write(Json.text(report));
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
