package ai.rpo.core.judge.figures;

import ai.rpo.core.judge.figures.Comparison.Rates;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** Figures under the names of {@code results.json}. */
public final class Results {

    /** The protocol whose win rate is the mean preference; elsewhere a tie is no win. */
    private static final String SOFT = "alpaca-eval-2";

    private Results() {}

    /** Maps, lists, texts and numbers, in the order in which they are to be read. */
    public static Map<String, Object> of(Figures figures) {
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("protocol", figures.made().protocol());
        results.put("judge", figures.made().judge());
        String sha = figures.made().promptSha256();
        results.put("prompt_sha256", sha.isEmpty() ? null : sha);
        boolean soft = isSoft(figures);
        results.put(
                "comparisons",
                figures.comparisons().stream()
                        .map(comparison -> comparison(comparison, soft, figures.showsRates()))
                        .toList());
        results.put(
                "scores",
                figures.scores().stream()
                        .map(score -> score(score, figures.showsRates()))
                        .toList());
        return results;
    }

    /** A sentence for each comparison, or for each model's mean grade. */
    public static List<String> lines(Figures figures) {
        List<String> lines = new ArrayList<>();
        for (Comparison comparison : figures.comparisons()) {
            Rates rates = comparison.rates();
            lines.add(comparison.model() + " against " + comparison.baseline()
                    + format(": preferred in %.1f %% of %d judgments", preferred(figures, comparison), rates.n())
                    + format(" (95 %% interval %.1f to %.1f", comparison.low(), comparison.high())
                    + comparison
                            .lengthControlled()
                            .map(control -> format("; %.1f %% at equal lengths", control.winRate()))
                            .orElse("")
                    + "): " + rates.wins() + " won, " + rates.ties() + " tied, "
                    + rates.losses() + " lost"
                    + (comparison.unparsed() > 0 ? ", " + comparison.unparsed() + " without a verdict" : "")
                    + empty(comparison.emptyAnswers(), comparison.model())
                    + empty(comparison.baselineEmptyAnswers(), comparison.baseline()));
        }
        figures.scores().stream()
                .filter(score -> score.turn().isEmpty() && score.category().isEmpty())
                .forEach(score -> lines.add(score.model()
                        + format(
                                ": mean grade %.2f (95 %% interval %.2f to %.2f)",
                                score.mean(), score.low(), score.high())
                        + " of " + score.n() + " judgments"));
        return lines;
    }

    private static String empty(int answers, String model) {
        return answers > 0 ? ", " + answers + (answers == 1 ? " answer of " : " answers of ") + model + " empty" : "";
    }

    private static double preferred(Figures figures, Comparison comparison) {
        return isSoft(figures)
                ? comparison.rates().meanPreference()
                : comparison.rates().adjustedRate();
    }

    private static boolean isSoft(Figures figures) {
        return figures.made().protocol().equals(SOFT);
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    private static Map<String, Object> comparison(Comparison comparison, boolean soft, boolean showsRates) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("model", comparison.model());
        row.put("baseline", comparison.baseline());
        putRates(row, comparison.rates(), soft, showsRates);
        row.put("interval_of", soft ? "win_rate" : "adjusted_win_rate");
        row.put("standard_error", showsRates ? comparison.standardError() : null);
        row.put("low", showsRates ? comparison.low() : null);
        row.put("high", showsRates ? comparison.high() : null);
        LengthControl.Result control =
                comparison.lengthControlled().filter(c -> showsRates).orElse(null);
        row.put("length_controlled_win_rate", control == null ? null : control.winRate());
        row.put("lc_standard_error", control == null ? null : number(control.standardError()));
        row.put("lc_c", control == null ? null : control.c());
        row.put("lc_weights", control == null ? null : control.weights());
        Comparison.Orders orders = comparison.orders();
        row.put("same_in_both_orders", orders.inBoth() == 0 ? null : orders.same());
        row.put("in_both_orders", orders.inBoth());
        row.put("first_shown_wins", orders.firstShownWins());
        row.put("second_shown_wins", orders.secondShownWins());
        row.put("unparsed", comparison.unparsed());
        row.put("identical", comparison.identical());
        row.put("empty_answers", comparison.emptyAnswers());
        row.put("baseline_empty_answers", comparison.baselineEmptyAnswers());
        row.put("mean_length", number(comparison.meanLength()));
        row.put("baseline_mean_length", number(comparison.baselineMeanLength()));
        Map<String, Object> turns = new LinkedHashMap<>();
        comparison.byTurn().forEach((turn, rates) -> {
            Map<String, Object> figures = new LinkedHashMap<>();
            putRates(figures, rates, soft, showsRates);
            turns.put(String.valueOf(turn), figures);
        });
        row.put("by_turn", turns);
        return row;
    }

    private static void putRates(Map<String, Object> row, Rates rates, boolean soft, boolean showsRates) {
        row.put("n", rates.n());
        row.put("wins", rates.wins());
        row.put("losses", rates.losses());
        row.put("ties", rates.ties());
        row.put("win_rate", showsRates ? soft ? rates.meanPreference() : rates.wonRate() : null);
        row.put("adjusted_win_rate", showsRates ? rates.adjustedRate() : null);
    }

    private static Map<String, Object> score(Score score, boolean showsRates) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("model", score.model());
        row.put("turn", number(score.turn()));
        row.put("category", score.category().orElse(null));
        row.put("mean", showsRates ? score.mean() : null);
        row.put("low", showsRates ? score.low() : null);
        row.put("high", showsRates ? score.high() : null);
        row.put("n", score.n());
        row.put("unparsed", score.unparsed());
        return row;
    }

    private static Double number(OptionalDouble value) {
        return value.isPresent() ? value.getAsDouble() : null;
    }

    private static Integer number(OptionalInt value) {
        return value.isPresent() ? value.getAsInt() : null;
    }
}
