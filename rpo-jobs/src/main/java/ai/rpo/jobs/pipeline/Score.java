package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.spark.reference.ScoreStage;
import ai.rpo.spark.store.Fingerprint;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Pairs get the reference model's log-probabilities. */
final class Score implements Stage {

    private final Workplace place;
    private final Stage prepare;

    Score(Workplace place, Stage prepare) {
        this.place = place;
        this.prepare = prepare;
    }

    @Override
    public String name() {
        return "score";
    }

    @Override
    public String folder() {
        return "reference";
    }

    @Override
    public List<Stage> requires() {
        return List.of(prepare);
    }

    @Override
    public Map<String, String> dependsOn() {
        return Map.of(
                "rpo.reference.path", place.inputs().weights(place.reference()),
                "rpo.precision", place.settings().precision().key());
    }

    @Override
    public Map<String, Long> make(Fingerprint fingerprint, Progress progress) {
        ScoreStage stage = new ScoreStage(place.spark().session(), place.open(place.reference()), place.scoring());
        Map<String, Long> counts = new LinkedHashMap<>();
        Map<String, Object> report = new LinkedHashMap<>();
        for (String split : List.of("train", "eval")) {
            if (place.run().exists("data/" + split)) {
                ScoreStage.Result result =
                        stage.run(place.run().path("data/" + split), place.run().path("reference/" + split), progress);
                counts.put(split + "_pairs", result.pairs());
                report.put(split, result);
            }
        }
        place.run().file("reference/report.json").write(Json.text(report));
        return counts;
    }
}
