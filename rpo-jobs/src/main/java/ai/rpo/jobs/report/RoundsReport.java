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

/** The page over the rounds of an online alignment, drawn from {@code rounds.jsonl}. */
final class RoundsReport {

    private static final String ROUND = "round";
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
        Page page = new Page(
                name,
                String.format(
                        Locale.ROOT,
                        "%d rounds, from %s. A round's numbers are of the policy that it starts from%s",
                        rounds.stream().filter(RoundsReport::isRound).count(),
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
        return last().filter(line -> line.has("gold")).stream()
                .map(line -> new Finding(
                        line.path("ended").asText().equals("turn") ? "Ended behind the turn" : "Gold reward",
                        Verdict.NEUTRAL,
                        line.path("gold").asText()))
                .toList();
    }

    private Figure rewards() {
        return new Figure(
                "rounds-reward",
                "Reward of the policy's answers",
                "Mean reward, as whoever rates gives it, of all answers to the prompts, and of those that became chosen and rejected.",
                ROUND,
                "reward",
                List.of(),
                List.of(
                        line("all answers", 0, round -> round.path("reward").asDouble(Double.NaN)),
                        line("chosen", 1, round -> round.path("chosen_reward").asDouble(Double.NaN)),
                        line("rejected", 2, round -> round.path("rejected_reward")
                                .asDouble(Double.NaN))));
    }

    private Figure distance() {
        List<Point> points = new ArrayList<>();
        for (JsonNode round : rounds) {
            JsonNode kl = round.path("kl");
            points.add(new Point(
                    number(round),
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
                List.of(),
                List.of(new Curve("", 0, Look.LINE, points)));
    }

    private Figure prompts() {
        return new Figure(
                "rounds-pairs",
                "What became of the prompts",
                "A prompt whose answers have equal rewards or equal texts, or fewer than two rewards, has no pair.",
                ROUND,
                "prompts",
                List.of(),
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
                List.of(),
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
                rounds.stream()
                        .map(round -> Point.at(number(round), value.applyAsDouble(round)))
                        .toList());
    }

    private static double number(JsonNode round) {
        return round.path("round").asInt();
    }

    private static Html name(JsonNode round) {
        String folder =
                String.format(Locale.ROOT, "round-%02d", round.path(ROUND).asInt());
        return isRound(round)
                ? Html.of("<a href=\"{}\">{}</a>", folder + "/report/index.html", folder)
                : Html.of("{}", "the last model");
    }

    private Html table() {
        List<Html> rows = new ArrayList<>();
        for (JsonNode round : rounds) {
            rows.add(Html.of(
                    """
                    <tr><th scope="row">{}</th><td class="number">{}</td><td class="number">{}</td><td class="number">{}</td>\
                    <td class="number">{}</td><td class="number">{}</td></tr>
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
                            - round.path("rejected_reward").asDouble(Double.NaN))));
        }
        return Html.of("""
                <div class="scroll"><table><thead><tr><th scope="col">round</th><th scope="col" class="number">reward</th>\
                <th scope="col" class="number">nats from the reference</th><th scope="col" class="number">pairs</th>\
                <th scope="col" class="number">offline pairs</th><th scope="col" class="number">chosen − rejected</th></tr></thead>\
                <tbody>{}</tbody></table></div>
                """, rows);
    }

    private static String cell(double value) {
        return Double.isNaN(value) ? "–" : Numbers.format(value);
    }
}
