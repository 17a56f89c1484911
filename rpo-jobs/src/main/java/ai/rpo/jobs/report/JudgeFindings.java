package ai.rpo.jobs.report;

import ai.rpo.jobs.report.Finding.Verdict;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Says what a judge found, in words, comparison by comparison. */
final class JudgeFindings {

    /**
     * Says how often a model's answers are preferred.
     *
     * @param share in percent, where a tie counts half
     * @param low of its 95 % interval
     * @param high of the same
     */
    private record Preferred(String model, String baseline, long judgments, double share, double low, double high) {

        String brief() {
            return String.format(
                    Locale.ROOT, "%s preferred to %s: %.1f %% (%.1f to %.1f)", model, baseline, share, low, high);
        }

        Finding finding(String how) {
            String verdict = low > 50
                    ? "more often than not"
                    : high < 50 ? "less often than not" : "not distinguishable from even";
            return new Finding(
                    model + " against " + baseline,
                    Verdict.NEUTRAL,
                    String.format(
                            Locale.ROOT,
                            "The answers of %s are preferred in %.1f %% of %s judgments (95 %% interval %.1f to %.1f), %s. %s.",
                            model,
                            share,
                            Numbers.format(judgments),
                            low,
                            high,
                            verdict,
                            how));
        }
    }

    private JudgeFindings() {}

    /** One for each comparison that has a rate. */
    static List<Finding> of(JsonNode results) {
        return preferred(results).stream()
                .map(each -> each.finding(JudgeReport.lead(results)))
                .toList();
    }

    /** Says the same in a few words each. */
    static List<String> brief(JsonNode results) {
        return preferred(results).stream().map(Preferred::brief).toList();
    }

    private static List<Preferred> preferred(JsonNode results) {
        List<Preferred> preferred = new ArrayList<>();
        for (JsonNode comparison : results.path("comparisons")) {
            JsonNode share = comparison.path(JudgeReport.rate(comparison));
            if (share.isNumber()) {
                preferred.add(new Preferred(
                        comparison.path("model").asText(),
                        comparison.path("baseline").asText(),
                        comparison.path("n").asLong(),
                        share.asDouble(),
                        comparison.path("low").asDouble(),
                        comparison.path("high").asDouble()));
            }
        }
        return preferred;
    }
}
