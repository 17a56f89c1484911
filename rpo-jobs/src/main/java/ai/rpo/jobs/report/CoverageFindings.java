package ai.rpo.jobs.report;

import ai.rpo.core.objective.RpoObjective;
import ai.rpo.jobs.report.Finding.Verdict;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Says what the training pairs cover, and what the configured η can do with them (math.md, 28 and 29). */
record CoverageFindings(JsonNode data) {

    /** Below this share of the gradient the supervised term counts for nothing at the start. */
    private static final double NEXT_TO_NOTHING = 0.02;

    static List<Finding> of(RunArtifacts run) {
        JsonNode data = run.reports().get("data");
        if (data == null || !data.has("coverage")) {
            return List.of();
        }
        CoverageFindings all = new CoverageFindings(data);
        List<Finding> findings = new ArrayList<>();
        findings.add(all.graph());
        if (run.objective().orElse(null) instanceof RpoObjective objective) {
            findings.add(all.weight(objective));
        }
        return findings;
    }

    private Finding graph() {
        JsonNode coverage = data.path("coverage");
        double responses = coverage.path("responses").asDouble();
        return finding(
                "What the pairs cover",
                "%s pairs compare %s responses to %s prompts in %s connected groups; %s of the responses stand in one pair only, %s were never rejected. %s of the chosen tokens are tokens that no other pair has.",
                Numbers.format(coverage.path("comparisons").asDouble()),
                Numbers.format(responses),
                Numbers.format(coverage.path("prompts").asDouble()),
                Numbers.format(coverage.path("components").asDouble()),
                Numbers.percent(coverage.path("responses_compared_once").asDouble() / responses),
                Numbers.percent(coverage.path("responses_never_rejected").asDouble() / responses),
                Numbers.percent(coverage.path("chosen_tokens_in_no_other_pair").asDouble()));
    }

    private Finding weight(RpoObjective objective) {
        double share =
                objective.shareAtReference(data.at("/train/lengths/chosen/mean").asDouble());
        String theory = String.format(
                Locale.ROOT,
                "For %s pairs the theorem's η lies between %s (one reward is possible) and %s (each response has a free reward in [0, 1]).",
                Numbers.format(data.path("coverage").path("comparisons").asDouble()),
                Numbers.format(data.path("coverage").path("theory_eta_low").asDouble()),
                Numbers.format(data.path("coverage").path("theory_eta_high").asDouble()));
        if (objective.eta() == 0) {
            return finding("Weight of the supervised term", "η is 0: this is DPO. %s", theory);
        }
        return finding(
                "Weight of the supervised term",
                "At the start it has %s of the gradient on the chosen answers (η = %s).%s %s",
                Numbers.percent(share),
                Variant.shortest(objective.eta()),
                share < NEXT_TO_NOTHING
                        ? " That can do next to nothing until margins have grown. Raise rpo.objective.eta if chosen answers become unlikely."
                        : "",
                theory);
    }

    private static Finding finding(String topic, String format, Object... values) {
        return new Finding(topic, Verdict.NEUTRAL, String.format(Locale.ROOT, format, values));
    }
}
