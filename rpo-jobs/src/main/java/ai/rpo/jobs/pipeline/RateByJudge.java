package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.evaluate.Estimate;
import ai.rpo.core.judge.Annotations;
import ai.rpo.core.judge.Game;
import ai.rpo.core.judge.Game.Verdict;
import ai.rpo.core.judge.Judgment;
import ai.rpo.core.judge.JudgmentRows;
import ai.rpo.core.judge.Protocol;
import ai.rpo.core.judge.Samples;
import ai.rpo.jobs.online.OnlineSettings;
import ai.rpo.jobs.online.OnlineSettings.By;
import ai.rpo.spark.judge.Judge;
import ai.rpo.spark.store.Fingerprint;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/**
 * The policy's own completions get rewards from a judge or a program: {@code rate/ratings/ratings.jsonl} as {@link Rate} has
 * them, and {@code rate/judgments} with the judge's words.
 */
final class RateByJudge implements Stage {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String RATINGS = "rate/ratings/ratings.jsonl";
    private static final String JUDGMENTS = "rate/judgments";
    private static final String RESULTS = "rate/results.json";

    private final Workplace place;
    private final OnlineSettings settings;
    private final Asking asking;

    RateByJudge(Workplace place) {
        this.place = place;
        this.settings = place.settings().online();
        this.asking = settings.by() == By.PROGRAM ? Asking.verifier(place) : Asking.configured(place);
    }

    @Override
    public String name() {
        return "rate";
    }

    @Override
    public String folder() {
        return "rate";
    }

    @Override
    public List<Stage> requires() {
        return List.of();
    }

    @Override
    public void checkMakeable() {
        asking.check(true);
    }

    @Override
    public Map<String, String> dependsOn() {
        Map<String, String> values = asking.ofRatings();
        values.put("rpo.online.by", settings.by().name());
        values.put("rpo.online.max-missing-fraction", String.valueOf(settings.maxMissingFraction()));
        values.put("rpo.rate.completions", place.inputs().data(List.of(completions())));
        values.put("right answers", place.inputs().data(questions()));
        return values;
    }

    private String completions() {
        return place.run().path("generate/completions").toString();
    }

    /** Paths of rows that may have right answers. */
    private List<String> questions() {
        List<String> named = place.settings().judge().questions();
        return named.isEmpty() ? place.settings().generate().prompts() : named;
    }

    @Override
    public Map<String, Long> make(Fingerprint fingerprint, Progress progress) {
        Map<String, List<String>> references =
                Samples.references(String.join(", ", questions()), asking.read(questions()));
        place.inputs().requireUnchanged(questions());
        List<Samples> prompts = Samples.read(completions(), asking.read(List.of(completions())), references);
        Protocol protocol = asking.protocol();
        Judge judge = asking.open(true);
        List<List<Judgment>> judged = asking.judge(judge, prompts, progress);

        StringBuilder ratings = new StringBuilder();
        List<Judgment> judgments = new ArrayList<>();
        List<Double> rewards = new ArrayList<>();
        for (int p = 0; p < prompts.size(); p++) {
            Samples samples = prompts.get(p);
            List<Judgment> ofPrompt = judged.get(p);
            judgments.addAll(ofPrompt);
            List<OptionalDouble> given = samples.rewards(ofPrompt);
            for (int i = 0; i < given.size(); i++) {
                if (given.get(i).isPresent()) {
                    rewards.add(given.get(i).getAsDouble());
                    ratings.append(line(samples, i, given.get(i).getAsDouble())).append('\n');
                }
            }
        }
        place.run()
                .file(JUDGMENTS)
                .write(JudgmentRows.lines(
                        new Annotations(protocol.name(), judge.name(), protocol.promptSha256(), judgments)));
        requireVerdicts(judge, judgments);
        place.run().file(RATINGS).write(ratings.toString());
        place.run().file(RESULTS).write(Json.text(report(judge, protocol, judgments, rewards)));
        return Map.of(
                "completions", (long) rewards.size(),
                "judgments", (long) judgments.size(),
                "without_verdict", (long) missing(judgments).size());
    }

    private static ObjectNode line(Samples samples, int i, double reward) {
        return JSON.createObjectNode()
                .put("ordinal", samples.ordinal())
                .put("sample", samples.numbers().get(i))
                .put("reward", reward);
    }

    private static List<Judgment> missing(List<Judgment> judgments) {
        return judgments.stream().filter(judgment -> !judgment.isParsed()).toList();
    }

    private void requireVerdicts(Judge judge, List<Judgment> judgments) {
        List<Judgment> missing = missing(judgments);
        if (missing.size() <= settings.maxMissingFraction() * judgments.size()) {
            return;
        }
        String words = missing.stream()
                .flatMap(judgment -> judgment.games().stream())
                .filter(game -> game.verdict() == Verdict.UNPARSED)
                .map(Game::answer)
                .map(answer -> answer.strip().replaceAll("\\s+", " "))
                .distinct()
                .limit(3)
                .map(answer -> "\"" + answer.substring(0, Math.min(120, answer.length())) + "\"")
                .collect(Collectors.joining(", "));
        throw RpoException.data(String.format(
                Locale.ROOT,
                "Cannot rate the round: %,d of %,d judgments of %s have no verdict, more than the share of %s that"
                        + " rpo.online.max-missing-fraction allows. It said %s; %s has all words. Run the command again to"
                        + " repeat questions without an answer, or look at rpo.judge.protocol.",
                missing.size(),
                judgments.size(),
                judge.name(),
                settings.maxMissingFraction(),
                words,
                place.run().path(JUDGMENTS)));
    }

    private static Map<String, Object> report(
            Judge judge, Protocol protocol, List<Judgment> judgments, List<Double> rewards) {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("judge", judge.name());
        report.put("protocol", protocol.name());
        report.put("completions", rewards.size());
        report.put("judgments", judgments.size());
        report.put("without_verdict", missing(judgments).size());
        report.put(
                "reward",
                Estimate.ofMean(
                        rewards.stream().mapToDouble(Double::doubleValue).toArray()));
        return report;
    }

    @Override
    public List<String> summary() {
        JsonNode results = Json.tree(place.run().file(RESULTS).read().orElseThrow());
        return List.of(String.format(
                Locale.ROOT,
                "  %s by %s: mean reward %.4f; %,d of %,d judgments without a verdict",
                results.get("judge").asText(),
                results.get("protocol").asText(),
                results.get("reward").get("mean").asDouble(),
                results.get("without_verdict").asLong(),
                results.get("judgments").asLong()));
    }
}
