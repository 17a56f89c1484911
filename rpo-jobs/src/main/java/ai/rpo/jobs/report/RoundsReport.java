package ai.rpo.jobs.report;

import ai.rpo.jobs.report.Curve.Look;
import ai.rpo.jobs.report.Curve.Point;
import ai.rpo.jobs.report.Finding.Verdict;
import ai.rpo.spark.gauge.GaugePoints;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** The page over the rounds of an online alignment, drawn from {@code rounds.jsonl}. */
final class RoundsReport {

    private static final String ROUND = "round";
    private static final String GOLD = "/gauge/gold";
    private static final String ACCURACY = "rewards/accuracies";

    private final List<JsonNode> rounds;

    private RoundsReport(List<JsonNode> rounds) {
        this.rounds = rounds;
    }

    /**
     * @param rounds lines of the file, at least one
     * @param gauged points of all rounds
     */
    static Page of(String name, List<JsonNode> rounds, Optional<GaugePoints> gauged) {
        RoundsReport report = new RoundsReport(rounds);
        long made = rounds.stream().filter(RoundsReport::isRound).count();
        Page page = new Page(
                "Online alignment " + name,
                String.format(
                        Locale.ROOT,
                        "%d %s, from %s. A round's numbers are of the policy that it starts from%s",
                        made,
                        made == 1 ? "round" : "rounds",
                        rounds.get(0).path("policy").asText(),
                        report.last()
                                .map(last -> "; the last ones are of the model that has come of it.")
                                .orElse(".")));
        page.section("findings", "Findings", Finding.list(report.findings()));
        page.section("reward", "Reward and distance", page.figures(List.of(report.rewards(), report.distance())));
        gauged.ifPresent(points -> page.section(
                "gauge",
                "Proxy and gold, over all rounds' checkpoints",
                page.figures(new GaugeFigures(points).byDistance())));
        page.section("pairs", "Pairs and held-out pairs", page.figures(List.of(report.prompts(), report.accuracy())));
        page.section("rounds", "Rounds", report.table());
        return page;
    }

    /** The line of the last policy has no pairs. */
    private static boolean isRound(JsonNode line) {
        return line.has("pairs");
    }

    private Optional<JsonNode> last() {
        return rounds.stream().filter(line -> !isRound(line)).findFirst();
    }

    private List<Finding> findings() {
        List<Finding> findings = new ArrayList<>();
        last().ifPresent(line -> findings.add(new Finding("Reward", Verdict.NEUTRAL, course(rounds.get(0), line))));
        last().filter(line -> line.has("best"))
                .ifPresent(line -> findings.add(new Finding(
                        line.path("ended").asText().equals("turn") ? "Ended behind the turn" : "Gold reward",
                        Verdict.NEUTRAL,
                        gold(line))));
        return findings;
    }

    /** Says where the gold reward is highest and, if it is known, how it moves by now. */
    private static String gold(JsonNode last) {
        JsonNode slope = last.path("gold_slope");
        JsonNode best = last.path("best");
        int step = best.path("step").asInt();
        return (slope.isMissingNode()
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                "At √KL = %s the gold reward's slope is %s, 95 %% interval %s to %s. ",
                                number(slope, "at"),
                                number(slope, "value"),
                                number(slope, "low"),
                                number(slope, "high")))
                + String.format(
                        Locale.ROOT,
                        "It is highest, %s, %s.",
                        number(best, "gold"),
                        step == 0
                                ? "before the first round"
                                : "in round " + best.path("round").asInt() + " at step " + step);
    }

    private static String number(JsonNode from, String name) {
        return Numbers.format(from.path(name).asDouble());
    }

    private static String course(JsonNode first, JsonNode last) {
        return String.format(
                Locale.ROOT,
                "Whoever rates gave the first policy's answers %s and gives the last model's %s, %s nats an answer from the first"
                        + " round's reference. Whether that is what people like, a reward which is optimized cannot say.",
                Numbers.format(first.path("reward").asDouble()),
                Numbers.format(last.path("reward").asDouble()),
                Numbers.format(last.path("kl").path("mean").asDouble()));
    }

    private Figure rewards() {
        return new Figure(
                "rounds-reward",
                "Reward of the policy's answers",
                "Mean reward, as whoever rates gives it, of all answers to the prompts, and of those that became chosen and rejected.",
                ROUND,
                "reward",
                ticks(),
                List.of(
                        line("all answers", 0, round -> round.path("reward").asDouble(Double.NaN)),
                        line("chosen", 1, round -> round.path("chosen_reward").asDouble(Double.NaN)),
                        line("rejected", 2, round -> round.path("rejected_reward")
                                .asDouble(Double.NaN))));
    }

    private Figure distance() {
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < rounds.size(); i++) {
            JsonNode kl = rounds.get(i).path("kl");
            points.add(new Point(
                    i,
                    kl.path("mean").asDouble(Double.NaN),
                    kl.path("low").asDouble(Double.NaN),
                    kl.path("high").asDouble(Double.NaN)));
        }
        return new Figure(
                "rounds-distance",
                "Distance from the first round's reference",
                "Kullback-Leibler divergence by the policy's own answers, with its 95 % interval.",
                ROUND,
                "nats an answer",
                ticks(),
                List.of(new Curve("", 0, Look.LINE, points)));
    }

    private Figure prompts() {
        return new Figure(
                "rounds-pairs",
                "What became of the prompts",
                "A prompt whose answers have equal rewards or equal texts, or fewer than two rewards, has no pair.",
                ROUND,
                "prompts",
                ticks(),
                List.of(
                        line("paired", 0, round -> round.path("pairs").asDouble(Double.NaN)),
                        line("equal rewards", 1, round -> round.path("equal_rewards")
                                .asDouble(Double.NaN)),
                        line("equal texts", 2, round -> round.path("equal_texts")
                                .asDouble(Double.NaN)),
                        line("too few", 3, round -> round.path("too_few").asDouble(Double.NaN))));
    }

    private Figure accuracy() {
        return new Figure(
                "rounds-accuracy",
                "Held-out pairs ranked as the data rank them",
                "By the implicit reward of the policy that the round made, against the round's reference.",
                ROUND,
                "share of pairs",
                ticks(),
                List.of(line(
                        "",
                        0,
                        round -> round.path("eval").path(ACCURACY).path("mean").asDouble(Double.NaN))));
    }

    private Curve line(String label, int color, ToDoubleFunction<JsonNode> value) {
        return new Curve(
                label,
                color,
                Look.LINE,
                IntStream.range(0, rounds.size())
                        .mapToObj(i -> Point.at(i, value.applyAsDouble(rounds.get(i))))
                        .toList());
    }

    /** Names the places of the rounds, and of the model behind the last one. */
    private List<String> ticks() {
        return rounds.stream()
                .map(round -> isRound(round) ? round.path(ROUND).asText() : "end")
                .toList();
    }

    private static Html name(JsonNode round) {
        String folder =
                String.format(Locale.ROOT, "round-%02d", round.path(ROUND).asInt());
        return isRound(round)
                ? Html.of("<a href=\"{}\">{}</a>", folder + "/report/index.html", folder)
                : Html.of("{}", "the last model");
    }

    private Html table() {
        Optional<ToDoubleFunction<JsonNode>> gold =
                rounds.stream().anyMatch(round -> round.at(GOLD).isNumber())
                        ? Optional.of(round -> round.at(GOLD).asDouble(Double.NaN))
                        : Optional.empty();
        List<Html> rows = new ArrayList<>();
        for (JsonNode round : rounds) {
            rows.add(Html.of(
                    """
                    <tr><th scope="row">{}</th><td class="number">{}</td><td class="number">{}</td><td class="number">{}</td>\
                    <td class="number">{}</td><td class="number">{}</td>{}</tr>
                    """,
                    name(round),
                    cell(round.path("reward").asDouble(Double.NaN)),
                    Numbers.estimate(new Estimate(
                            round.path("kl").path("mean").asDouble(Double.NaN),
                            round.path("kl").path("low").asDouble(Double.NaN),
                            round.path("kl").path("high").asDouble(Double.NaN))),
                    cell(round.path("pairs").asDouble(Double.NaN)),
                    cell(round.path("offline_pairs").asDouble(Double.NaN)),
                    cell(round.path("chosen_reward").asDouble(Double.NaN)
                            - round.path("rejected_reward").asDouble(Double.NaN)),
                    gold.map(reward -> Html.of("<td class=\"number\">{}</td>", cell(reward.applyAsDouble(round))))
                            .orElse(Html.EMPTY)));
        }
        return Html.of(
                """
                <div class="scroll"><table><thead><tr><th scope="col">round</th><th scope="col" class="number">reward</th>\
                <th scope="col" class="number">nats from the reference</th><th scope="col" class="number">pairs</th>\
                <th scope="col" class="number">offline pairs</th><th scope="col" class="number">chosen − rejected</th>{}</tr></thead>\
                <tbody>{}</tbody></table></div>
                """, gold.isPresent() ? Html.of("<th scope=\"col\" class=\"number\">gold</th>") : Html.EMPTY, rows);
    }

    private static String cell(double value) {
        return Double.isNaN(value) ? "–" : Numbers.format(value);
    }
}
