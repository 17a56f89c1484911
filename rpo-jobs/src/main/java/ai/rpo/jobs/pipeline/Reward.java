package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.evaluate.Calibration;
import ai.rpo.core.evaluate.Evaluation;
import ai.rpo.core.evaluate.PairResult;
import ai.rpo.core.model.ExportForm;
import ai.rpo.spark.reward.RewardSettings;
import ai.rpo.spark.reward.RewardStage;
import ai.rpo.spark.store.Fingerprint;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Prepared pairs become a reward model, or several of them. */
final class Reward implements Stage {

    private static final String HELD_OUT = "reward/held_out.json";
    private static final String ACCURACY = "rewards/accuracies";

    private final Workplace place;
    private final Prepare prepare;
    private final RewardSettings settings;

    Reward(Workplace place) {
        this.place = place;
        this.prepare = Prepare.pairsForRewards(place);
        this.settings = place.settings().reward();
    }

    @Override
    public String name() {
        return "reward";
    }

    @Override
    public String folder() {
        return "reward";
    }

    @Override
    public List<Stage> requires() {
        return List.of(prepare);
    }

    @Override
    public Map<String, String> dependsOn() {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("rpo.model.path", place.inputs().weights(place.model()));
        values.put("rpo.precision", place.settings().precision().key());
        values.putAll(place.configuration().effectsUnder("rpo.reward"));
        values.remove("rpo.reward.bootstrap", "false"); // the only way before there was a key
        values.putAll(place.configuration().valuesUnder("rpo.selection"));
        values.putAll(place.configuration().valuesUnder(Train.EXPORT));
        if (place.settings().lora().isOn()) {
            values.putAll(place.configuration().valuesUnder("rpo.lora"));
        }
        if (place.settings().selection().metric().isEmpty()) {
            values.remove("rpo.reward.checkpoint-every"); // which decides what there is to choose from
        }
        return values;
    }

    @Override
    public void checkMakeable() {
        if (place.settings().export().form() == ExportForm.Kind.ADAPTER
                && !place.settings().lora().isOn()) {
            throw RpoException.configuration(
                    "Cannot write a reward model as an adapter: all of its weights are trained."
                            + " Set rpo.export.form = full, or rpo.lora.rank above 0.");
        }
        if (place.settings().selection().isByGauge()) {
            throw RpoException.configuration(
                    "Cannot choose a reward model by rpo.selection.metric = "
                            + place.settings().selection().metric().orElseThrow()
                            + ": a reward model has no completions to be rated. Name a held-out metric, such as rewards/accuracies.");
        }
        place.requireHeldOutPairs();
        try {
            place.settings().selection().metricOf(settings.objective());
        } catch (IllegalArgumentException e) {
            throw new RpoException(
                    RpoException.Kind.CONFIGURATION,
                    "Cannot choose a reward model: rpo.selection." + e.getMessage() + ". Name one of these.",
                    e);
        }
        RewardStage.requireTrainable(
                place.model(), settings, place.settings().lora(), place.spark().hadoop());
    }

    @Override
    public boolean resumes() {
        return true;
    }

    @Override
    public Map<String, Long> make(Fingerprint fingerprint, Progress progress) {
        String heldOut = prepare.folder() + "/eval";
        place.requireHeldOutPairsIn(heldOut);
        RewardStage.Result result = new RewardStage(
                        place.spark().session(),
                        place.model(),
                        settings,
                        place.settings().lora(),
                        place.scoring())
                .run(
                        new RewardStage.Request(
                                place.run().path(prepare.folder() + "/train"),
                                Optional.of(heldOut).filter(place.run()::exists).map(place.run()::path),
                                place.run().path(folder()),
                                place.settings().export()::of,
                                fingerprint.digest(),
                                place.settings().selection(),
                                facts(fingerprint),
                                place.run().fence()),
                        progress);
        Map<String, Long> counts = new LinkedHashMap<>();
        counts.put("members", (long) settings.members());
        counts.put("pairs", result.pairs());
        counts.put("steps", result.steps());
        if (!result.heldOut().isEmpty()) {
            place.run().file(HELD_OUT).write(Json.text(heldOut(result.heldOut())));
            counts.put("held_out_pairs", (long) result.heldOut().get(0).size());
        }
        return counts;
    }

    /** Gives what each member makes of the held-out pairs, and what all of them make together. */
    private Map<String, Object> heldOut(List<List<PairResult>> members) {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("pairs", members.get(0).size());
        report.put("members", members.stream().map(this::measured).toList());
        if (members.size() > 1) {
            report.put("ensemble", measured(PairResult.means(members)));
        }
        return report;
    }

    private Map<String, Object> measured(List<PairResult> pairs) {
        Map<String, Object> measured = new LinkedHashMap<>(Evaluation.of(pairs, settings.objective()));
        measured.put("calibration", Calibration.of(pairs));
        return measured;
    }

    @Override
    public List<String> summary() {
        Optional<JsonNode> report = place.run().file(HELD_OUT).read().map(Json::tree);
        List<String> lines = new ArrayList<>();
        report.ifPresent(read -> {
            for (JsonNode member : read.get("members")) {
                lines.add(line("member-" + lines.size(), member));
            }
            if (read.has("ensemble")) {
                lines.add(line("their mean", read.get("ensemble")));
            }
        });
        return lines;
    }

    private static String line(String who, JsonNode measured) {
        JsonNode accuracy = measured.get(ACCURACY);
        return String.format(
                Locale.ROOT,
                "  %-10s right about %.1f %% of the held-out pairs, 95 %% interval %.1f to %.1f",
                who,
                100 * accuracy.get("mean").asDouble(),
                100 * accuracy.get("low").asDouble(),
                100 * accuracy.get("high").asDouble());
    }

    private Map<String, String> facts(Fingerprint fingerprint) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("started from", place.model());
        facts.put("fingerprint", fingerprint.digest());
        facts.putAll(fingerprint.values());
        return facts;
    }
}
