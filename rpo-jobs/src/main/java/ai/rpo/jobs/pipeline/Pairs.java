package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.reward.Pairing.Outcome;
import ai.rpo.jobs.online.OnlineSettings;
import ai.rpo.spark.online.DrawnRows;
import ai.rpo.spark.online.PairStage;
import ai.rpo.spark.store.Fingerprint;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.fs.Path;

/** Rated completions become preference pairs, beside pairs drawn from {@code rpo.data.train}. */
final class Pairs implements Stage {

    private static final String ROWS = "pairs/rows";
    private static final String OFFLINE = "pairs/offline.jsonl";
    static final String REPORT = "pairs/report.json";

    private final Workplace place;
    private final OnlineSettings settings;

    Pairs(Workplace place) {
        this.place = place;
        this.settings = place.settings().online();
    }

    @Override
    public String name() {
        return "pair";
    }

    @Override
    public String folder() {
        return "pairs";
    }

    @Override
    public List<Stage> requires() {
        return List.of();
    }

    @Override
    public Map<String, String> dependsOn() {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("completions", place.inputs().data(List.of(completions().toString())));
        values.put("ratings", place.inputs().data(List.of(ratings().toString())));
        values.put("rpo.online.pairing", settings.pairing().name());
        values.put("rpo.online.offline-share", String.valueOf(settings.offlineShare()));
        if (settings.offlineShare() > 0) {
            values.put("rpo.data.train", place.inputs().data(offline()));
            values.put("rpo.generate.seed", String.valueOf(seed()));
        }
        return values;
    }

    private Path completions() {
        return place.run().path("generate/completions");
    }

    private Path ratings() {
        return place.run().path("rate/ratings");
    }

    private List<String> offline() {
        return place.settings().data().train();
    }

    private long seed() {
        return place.settings().generate().seed();
    }

    @Override
    public Map<String, Long> make(Fingerprint fingerprint, Progress progress) {
        PairStage.Result result = new PairStage(place.spark().session(), settings.pairing())
                .run(completions(), ratings(), place.run().path(ROWS));
        if (result.pairs() == 0) {
            throw none(result);
        }
        long wanted = settings.offlinePairs(result.pairs());
        List<String> drawn = wanted == 0
                ? List.of()
                : DrawnRows.of(place.spark().session(), place.tables().asFiles(offline()), wanted, seed());
        if (!drawn.isEmpty()) {
            place.inputs().requireUnchanged(offline());
            place.run().file(OFFLINE).write(String.join("\n", drawn) + "\n");
        }
        place.run().file(REPORT).write(Json.text(report(result, drawn.size())));
        Map<String, Long> counts = new LinkedHashMap<>();
        counts.put("pairs", result.pairs());
        counts.put("offline_pairs", (long) drawn.size());
        return counts;
    }

    private RpoException none(PairStage.Result result) {
        return RpoException.data(String.format(
                Locale.ROOT,
                "Cannot pair completions: of %,d prompts none has two that differ in reward (%s). Rewards lie from %.4g to"
                        + " %.4g. Sample more completions of a prompt (rpo.online.samples-per-prompt), at a higher"
                        + " rpo.generate.temperature, or look at %s for what the rating finds in them.",
                result.prompts().values().stream().mapToLong(Long::longValue).sum(),
                reasons(result),
                result.lowest(),
                result.highest(),
                ratings()));
    }

    private static String reasons(PairStage.Result result) {
        return String.join(
                ", ",
                result.prompts().entrySet().stream()
                        .map(entry -> entry.getValue() + " × " + words(entry.getKey()))
                        .toList());
    }

    private static String words(Outcome outcome) {
        return outcome.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private static Map<String, Object> report(PairStage.Result result, long offline) {
        Map<String, Object> report = new LinkedHashMap<>();
        for (Outcome outcome : Outcome.values()) {
            String name = outcome == Outcome.PAIRED ? "pairs" : words(outcome).replace(' ', '_');
            report.put(name, result.prompts().getOrDefault(outcome, 0L));
        }
        report.put("offline_pairs", offline);
        report.put("reward", result.reward());
        report.put("chosen_reward", result.chosenReward());
        report.put("rejected_reward", result.rejectedReward());
        return report;
    }

    @Override
    public List<String> summary() {
        JsonNode report = Json.tree(place.run().file(REPORT).read().orElseThrow());
        return List.of(String.format(
                Locale.ROOT,
                "  mean reward %.4f; %,d pairs, %.4f preferred to %.4f; without a pair: %,d prompts with equal rewards,"
                        + " %,d with equal texts, %,d with fewer than two ratings",
                report.get("reward").asDouble(),
                report.get("pairs").asLong(),
                report.get("chosen_reward").asDouble(),
                report.get("rejected_reward").asDouble(),
                report.get("equal_rewards").asLong(),
                report.get("equal_texts").asLong(),
                report.get("too_few").asLong()));
    }
}
