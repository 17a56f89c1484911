package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.spark.evaluate.EvaluateStage;
import ai.rpo.spark.store.Fingerprint;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The trained model and the reference on held-out pairs. */
final class Evaluate implements Stage {

    private static final String PAIRS = "reference/eval";

    private final Workplace place;
    private final Stage score;
    private final Stage train;

    Evaluate(Workplace place, Stage score, Stage train) {
        this.place = place;
        this.score = score;
        this.train = train;
    }

    @Override
    public String name() {
        return "evaluate";
    }

    @Override
    public String folder() {
        return "eval";
    }

    @Override
    public String product() {
        return "eval/metrics.json";
    }

    @Override
    public List<Stage> requires() {
        return List.of(score, train);
    }

    @Override
    public Map<String, String> dependsOn() {
        return Map.of();
    }

    @Override
    public Optional<String> skipped() {
        return place.withoutHeldOutPairs();
    }

    @Override
    public Map<String, Long> make(Fingerprint fingerprint, Progress progress) {
        if (!place.run().exists(PAIRS)) {
            // A small fraction of few prompts may be none.
            return Map.of("pairs", 0L);
        }
        EvaluateStage.Result result = new EvaluateStage(place.spark().session(), place.scoring())
                .run(
                        place.openTrained(),
                        place.settings().objective(),
                        place.run().path(PAIRS),
                        progress);
        Map<String, Object> metrics = new LinkedHashMap<>(result.metrics());
        metrics.put("pairs", result.pairs());
        place.run().file(product()).write(Json.text(metrics));
        return Map.of("pairs", result.pairs());
    }
}
