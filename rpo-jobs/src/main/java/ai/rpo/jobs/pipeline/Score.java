package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.core.model.BasePrecision;
import ai.rpo.jobs.config.Settings.ReferenceSettings;
import ai.rpo.spark.reference.ScoreStage;
import ai.rpo.spark.reference.ScoredRows;
import ai.rpo.spark.store.Fingerprint;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Rows get the reference model's log-probabilities. */
final class Score implements Stage {

    private final Workplace place;
    private final String name;
    private final String folder;
    private final ScoredRows kind;
    private final Stage prepare;

    private Score(Workplace place, String name, String folder, ScoredRows kind, Stage prepare) {
        this.place = place;
        this.name = name;
        this.folder = folder;
        this.kind = kind;
        this.prepare = prepare;
    }

    static Score ofPairs(Workplace place, Stage prepare) {
        return new Score(place, "score", "reference", ScoredRows.PAIRS, prepare);
    }

    static Score ofExamples(Workplace place, Stage prepare) {
        return new Score(place, "score-sft", "sft/reference", ScoredRows.EXAMPLES, prepare);
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
    public List<Stage> requires() {
        return List.of(prepare);
    }

    /** Leaves out where scores come from: they are the same from a store and from the model. */
    @Override
    public Map<String, String> dependsOn() {
        Map<String, String> values = place.configuration().effectsUnder("rpo.reference");
        values.put("rpo.reference.path", place.inputs().weights(place.reference()));
        values.put("rpo.precision", place.settings().precision().key());
        BasePrecision kept = place.settings().lora().basePrecision();
        if (kept != BasePrecision.AS_STORED) {
            values.put("rpo.lora.base-precision", kept.key());
        }
        return values;
    }

    @Override
    public Map<String, Long> make(Fingerprint fingerprint, Progress progress) {
        ReferenceSettings settings = place.settings().reference();
        ScoreStage stage = new ScoreStage(
                place.spark().session(), place.openFrozen(place.reference()), place.scoring(), place.scores());
        Map<String, Long> counts = new LinkedHashMap<>();
        Map<String, Object> report = new LinkedHashMap<>();
        for (String split : List.of("train", "eval")) {
            if (place.run().exists(prepare.folder() + "/" + split)) {
                ScoreStage.Result result = stage.run(
                        new ScoreStage.Request(
                                kind,
                                place.run().path(prepare.folder() + "/" + split),
                                place.run().path(folder + "/" + split),
                                settings.perToken(),
                                place.run().path(prepare.otherFolders().get(0)),
                                place.settings().data().maxRejectedFraction(),
                                place.settings().data().key()),
                        progress);
                counts.put(split + "_rows", result.scored());
                counts.put(split + "_rows_left_out", result.notFinite());
                report.put(split, facts(result));
            }
        }
        place.inputs().requireUnchanged(place.reference());
        place.run().file(folder + "/report.json").write(Json.text(report));
        return counts;
    }

    private static Map<String, Object> facts(ScoreStage.Result result) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("rows", result.rows());
        facts.put("given", result.given());
        facts.put("reused", result.reused());
        facts.put("computed", result.computed());
        facts.put("not_finite", result.notFinite());
        facts.put("tokens_computed", result.tokensComputed());
        facts.put("seconds", result.seconds());
        return facts;
    }
}
