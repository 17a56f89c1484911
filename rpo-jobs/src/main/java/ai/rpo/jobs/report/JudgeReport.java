package ai.rpo.jobs.report;

import ai.rpo.core.judge.Judgment;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Shows what a judge found, as the paper's tables: pairs against pairs, scores by category, answers side by side. */
final class JudgeReport {

    private static final int SHOWN_ANSWERS = 24;
    private static final int LONGEST_ANSWER = 4000;

    private JudgeReport() {}

    /** A page of its own. */
    static Page of(String name, JudgeArtifacts judged) {
        Page page = new Page("Judgments in " + name, lead(judged.results()));
        addTo(page, judged);
        return page;
    }

    /** Sections of another page. */
    static void addTo(Page page, JudgeArtifacts judged) {
        JsonNode comparisons = judged.results().path("comparisons");
        page.section(
                "win-rates",
                "Win rates",
                comparisons.isEmpty() ? Html.EMPTY : note(lead(judged.results())),
                matrix(comparisons),
                pairs(comparisons));
        page.section(
                "length",
                "Length",
                lengths(comparisons),
                page.figures(WinRateFigures.byLengthDifference(judged.judgments())));
        page.section("scores", "Scores", scores(judged.results().path("scores")));
        page.section("answers", "Answers", answers(judged.judgments()));
    }

    /** Says by whom and how it was judged. */
    static String lead(JsonNode results) {
        String sha = results.path("prompt_sha256").asText("");
        return "Protocol " + results.path("protocol").asText() + " · judge "
                + results.path("judge").asText("not named")
                + (sha.isEmpty() || sha.equals("null") ? "" : " · prompts " + sha.substring(0, 12));
    }

    private static Html note(String text) {
        return Html.of("<p class=\"note\">{}</p>", text);
    }

    /** The rate that is the mean preference, where a tie counts half, and has the interval. */
    static String rate(JsonNode comparison) {
        return comparison.path("interval_of").asText("adjusted_win_rate");
    }

    private static String interval(JsonNode comparison, boolean flipped) {
        String of = rate(comparison);
        if (!comparison.path(of).isNumber()) {
            return "–";
        }
        double mean = comparison.path(of).asDouble();
        double low = comparison.path("low").asDouble();
        double high = comparison.path("high").asDouble();
        return flipped ? range(100 - mean, 100 - high, 100 - low) : range(mean, low, high);
    }

    private static String range(double mean, double low, double high) {
        return String.format(Locale.ROOT, "%.1f (%.1f to %.1f)", mean, low, high);
    }

    private static Html matrix(JsonNode comparisons) {
        Set<String> names = new LinkedHashSet<>();
        Map<List<String>, String> cells = new LinkedHashMap<>();
        for (JsonNode comparison : comparisons) {
            String model = comparison.path("model").asText();
            String baseline = comparison.path("baseline").asText();
            names.add(baseline);
            names.add(model);
            cells.put(List.of(model, baseline), interval(comparison, false));
            cells.put(List.of(baseline, model), interval(comparison, true));
        }
        if (names.isEmpty()) {
            return Html.EMPTY;
        }
        List<Html> rows = new ArrayList<>();
        for (String row : names) {
            rows.add(Html.of(
                    "<tr><th scope=\"row\">{}</th>{}</tr>",
                    row,
                    names.stream()
                            .map(column ->
                                    number(row.equals(column) ? "·" : cells.getOrDefault(List.of(row, column), "–")))
                            .toList()));
        }
        return Html.of(
                "<h3>Pairwise</h3><p class=\"note\">{}</p><div class=\"scroll\"><table><thead><tr><th></th>{}</tr></thead><tbody>{}</tbody></table></div>",
                "How often, in percent, a row's answers are preferred to a column's, where a tie counts half; with 95 % intervals by a bootstrap over prompts.",
                names.stream().map(JudgeReport::head).toList(),
                rows);
    }

    private static Html pairs(JsonNode comparisons) {
        List<List<String>> rows = new ArrayList<>();
        for (JsonNode c : comparisons) {
            String name =
                    c.path("model").asText() + " against " + c.path("baseline").asText();
            rows.add(pair(name, c));
            c.path("by_turn")
                    .fields()
                    .forEachRemaining(turn -> rows.add(pair("turn " + turn.getKey(), turn.getValue())));
        }
        return rows.isEmpty()
                ? Html.EMPTY
                : table(
                        "Every pair",
                        List.of(
                                "pair",
                                "judged",
                                "wins",
                                "ties",
                                "losses",
                                "win rate",
                                "adjusted",
                                "standard error",
                                "length-controlled",
                                "same in both orders",
                                "first shown wins",
                                "no verdict"),
                        rows);
    }

    private static List<String> pair(String name, JsonNode c) {
        String orders = c.path("same_in_both_orders").isNumber()
                ? c.path("same_in_both_orders").asInt() + " of "
                        + c.path("in_both_orders").asInt()
                : "–";
        String first = c.has("first_shown_wins")
                ? c.path("first_shown_wins").asInt() + " : "
                        + c.path("second_shown_wins").asInt()
                : "–";
        return List.of(
                name,
                value(c, "n", 0),
                value(c, "wins", 0),
                value(c, "ties", 0),
                value(c, "losses", 0),
                value(c, "win_rate", 2),
                value(c, "adjusted_win_rate", 2),
                value(c, "standard_error", 2),
                value(c, "length_controlled_win_rate", 2),
                orders,
                first,
                value(c, "unparsed", 0));
    }

    private static Html lengths(JsonNode comparisons) {
        List<List<String>> rows = new ArrayList<>();
        for (JsonNode c : comparisons) {
            if (c.path("mean_length").isNumber()) {
                rows.add(List.of(
                        c.path("model").asText() + " against "
                                + c.path("baseline").asText(),
                        value(c, "mean_length", 0),
                        value(c, "baseline_mean_length", 0),
                        value(c, "win_rate", 2),
                        value(c, "length_controlled_win_rate", 2),
                        value(c, "lc_c", 4)));
            }
        }
        return rows.isEmpty()
                ? Html.EMPTY
                : table(
                        "Win rates at equal lengths",
                        List.of("pair", "mean length", "the baseline's", "win rate", "length-controlled", "C"),
                        rows);
    }

    private static Html scores(JsonNode scores) {
        Set<String> columns = new LinkedHashSet<>();
        Map<String, Map<String, String>> rows = new LinkedHashMap<>();
        for (JsonNode score : scores) {
            String turn = score.path("turn").isNumber()
                    ? ", turn " + score.path("turn").asInt()
                    : "";
            String column = score.path("model").asText() + turn;
            columns.add(column);
            rows.computeIfAbsent(score.path("category").asText("all"), row -> new LinkedHashMap<>())
                    .put(
                            column,
                            score.path("mean").isNumber()
                                    ? range(
                                            score.path("mean").asDouble(),
                                            score.path("low").asDouble(),
                                            score.path("high").asDouble())
                                    : "–");
        }
        List<List<String>> cells = new ArrayList<>();
        rows.forEach((category, values) -> {
            List<String> row = new ArrayList<>(List.of(category.equals("null") ? "all" : category));
            columns.forEach(column -> row.add(values.getOrDefault(column, "–")));
            cells.add(row);
        });
        List<String> head = new ArrayList<>(List.of("category"));
        head.addAll(columns);
        return cells.isEmpty() ? Html.EMPTY : table("Mean grades from 1 to 10", head, cells);
    }

    /** Some from all over the set, the model's answer on the left. */
    private static Html answers(List<Judgment> judgments) {
        List<Judgment> known = judgments.stream()
                .filter(judgment -> judgment.subject().knowsAnswers())
                .toList();
        List<Html> shown = new ArrayList<>();
        int step = Math.max(1, known.size() / SHOWN_ANSWERS);
        for (int i = 0; i < known.size() && shown.size() < SHOWN_ANSWERS; i += step) {
            shown.add(answer(known.get(i)));
        }
        return shown.isEmpty()
                ? Html.EMPTY
                : Html.of(
                        "<p class=\"note\">{}</p>{}",
                        shown.size() + " of " + known.size() + " judgments; judge/judgments has all of them.",
                        shown);
    }

    private static Html answer(Judgment judgment) {
        Judgment.Subject subject = judgment.subject();
        String verdict = judgment.preference().isPresent()
                ? String.format(
                        Locale.ROOT,
                        "%s preferred by %.2f",
                        subject.model(),
                        judgment.preference().getAsDouble())
                : judgment.score().isPresent()
                        ? String.format(
                                Locale.ROOT, "grade %.1f", judgment.score().getAsDouble())
                        : "no verdict";
        String prompt = subject.prompt().isEmpty()
                ? "prompt " + subject.promptId()
                : subject.prompt().get(subject.prompt().size() - 1);
        List<Html> texts = new ArrayList<>();
        texts.add(text(subject.model(), subject.modelAnswer()));
        if (subject.isPairwise()) {
            texts.add(text(subject.baseline(), subject.baselineAnswer()));
        }
        judgment.games().stream()
                .filter(game -> game.answer().length() > 2)
                .forEach(game -> texts.add(text(
                        game.firstShown().isEmpty() ? "the judge" : "the judge, " + game.firstShown() + " shown first",
                        game.answer())));
        return Html.of(
                "<details><summary>{}</summary><p>{}</p><div class=\"side-by-side\">{}</div></details>",
                verdict + " · " + shortened(prompt.strip().replaceAll("\\s+", " "), 140),
                shortened(String.join("\n\n", subject.prompt()), LONGEST_ANSWER),
                texts);
    }

    private static Html text(String who, String answer) {
        return Html.of("<div><h4>{}</h4><pre>{}</pre></div>", who, shortened(answer, LONGEST_ANSWER));
    }

    private static String shortened(String text, int most) {
        return text.length() <= most
                ? text
                : text.substring(0, text.offsetByCodePoints(0, text.codePointCount(0, most - 1))) + "…";
    }

    private static Html table(String title, List<String> head, List<List<String>> rows) {
        List<Html> body = rows.stream()
                .map(row -> Html.of(
                        "<tr><th scope=\"row\">{}</th>{}</tr>",
                        row.get(0),
                        row.subList(1, row.size()).stream()
                                .map(JudgeReport::number)
                                .toList()))
                .toList();
        return Html.of(
                "<h3>{}</h3><div class=\"scroll\"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>",
                title,
                head.stream().map(JudgeReport::head).toList(),
                body);
    }

    private static Html head(String name) {
        return Html.of("<th scope=\"col\">{}</th>", name);
    }

    private static Html number(String value) {
        return Html.of("<td class=\"number\">{}</td>", value);
    }

    private static String value(JsonNode row, String field, int digits) {
        JsonNode value = row.path(field);
        return value.isNumber() ? String.format(Locale.ROOT, "%." + digits + "f", value.asDouble()) : "–";
    }
}
