package ai.rpo.jobs.report;

import ai.rpo.core.objective.Metrics;
import ai.rpo.core.objective.Objective;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.jobs.report.Finding.Verdict;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** Puts one run's numbers into words. */
final class RunFindings {

    private static final double TENTH = 0.1;

    /** Counts of a preparation that a reader should know of, in the order in which they are told. */
    private static final List<Map.Entry<String, String>> REMARKS = List.of(
            Map.entry(
                    "special_tokens_kept_as_text",
                    "spell special tokens, which are kept as text. Where a chat template wrote these rows already, set"
                            + " rpo.data.special-tokens = as-tokens."),
            Map.entry(
                    "generation_prompts_cut",
                    "begin where the chat template's generation prompt and the answers part; the end of that prompt, such"
                            + " as <think>, is not trained on."),
            Map.entry("completions_that_repeat_the_prompt", "have a completion that repeats the prompt."),
            Map.entry(
                    "completions_that_end_with_the_user",
                    "have a completion that ends with a turn of another than the assistant, which is trained on too."));

    private RunFindings() {}

    static List<Finding> of(RunArtifacts run) {
        List<Finding> findings = new ArrayList<>();
        run.gates()
                .forEach(gate -> findings.add(new Finding(
                        gate.passed() ? "A gate is passed" : "A gate is not passed",
                        Verdict.NEUTRAL,
                        gate.text() + ".")));
        run.judged().map(judged -> JudgeFindings.of(judged.results())).ifPresent(findings::addAll);
        run.gauged().map(GaugeFindings::of).ifPresent(findings::addAll);
        Objective objective = run.objective().orElseGet(RpoObjective::new);
        change(findings, run.training(), objective, run.beta());
        accuracy(findings, run.evaluation());
        heldOut(findings, run.evaluation(), objective);
        rows(findings, run.reports());
        findings.addAll(CoverageFindings.of(run));
        scores(findings, run.reports());
        return findings;
    }

    private static void rows(List<Finding> findings, Map<String, JsonNode> reports) {
        for (String artifact : List.of("data", "sft/data")) {
            for (String split : List.of("train", "eval")) {
                JsonNode report =
                        reports.containsKey(artifact) ? reports.get(artifact).path(split) : MissingNode.getInstance();
                REMARKS.forEach(remark -> {
                    String name = remark.getKey();
                    if (report.path(name).asLong() > 0) {
                        findings.add(new Finding(
                                "Rows in " + artifact + "/" + split,
                                Verdict.NEUTRAL,
                                String.format(
                                        Locale.ROOT,
                                        "%s of %s %s",
                                        Numbers.format(report.path(name).asLong()),
                                        Numbers.format(report.path("rows").asLong()),
                                        remark.getValue())));
                    }
                });
            }
        }
    }

    private static void scores(List<Finding> findings, Map<String, JsonNode> reports) {
        for (String artifact : List.of("reference", "sft/reference")) {
            JsonNode report = reports.get(artifact);
            if (report != null) {
                report.fields()
                        .forEachRemaining(split -> findings.add(scores(artifact, split.getKey(), split.getValue())));
            }
        }
    }

    private static Finding scores(String artifact, String split, JsonNode counts) {
        long unfit = counts.path("not_finite").asLong();
        String sources = String.format(
                Locale.ROOT,
                "Of %s rows %s were scored now, %s before, and %s brought their score.",
                Numbers.format(counts.path("rows").asLong()),
                Numbers.format(counts.path("computed").asLong()),
                Numbers.format(counts.path("reused").asLong()),
                Numbers.format(counts.path("given").asLong()));
        String leftOut = unfit == 0
                ? " All log-probabilities are finite."
                : String.format(
                        Locale.ROOT,
                        " %s are left out, since their log-probabilities are not finite: see score-%s-*.json among the rejected rows.",
                        Numbers.format(unfit),
                        split);
        return new Finding("Scores in " + artifact + "/" + split, Verdict.NEUTRAL, sources + leftOut);
    }

    /** @param beta rewards over which are changes against the reference, on the same rows */
    private static void change(List<Finding> findings, TrainingLog log, Objective objective, Optional<Double> beta) {
        boolean against =
                beta.isPresent() && !log.curve(Metrics.CHOSEN_REWARD.name()).isEmpty();
        String chosen = against ? Metrics.CHOSEN_REWARD.name() : Metrics.CHOSEN_LOGPS.name();
        double scale = against ? 1 / beta.get() : 1;
        OptionalDouble before = log.mean(chosen, true, TENTH);
        OptionalDouble after = log.mean(chosen, false, TENTH);
        OptionalDouble marginBefore = log.mean(Metrics.MARGIN.name(), true, TENTH);
        OptionalDouble marginAfter = log.mean(Metrics.MARGIN.name(), false, TENTH);
        if (before.isEmpty()
                || after.isEmpty()
                || marginBefore.isEmpty()
                || marginAfter.isEmpty()
                || log.steps() < 10) {
            return;
        }
        double change = scale * (after.getAsDouble() - before.getAsDouble());
        double margin = marginAfter.getAsDouble() - marginBefore.getAsDouble();
        String numbers = String.format(
                Locale.ROOT,
                "From the first to the last tenth of the steps the chosen completions' log-probability%s %s by %s nats (%s → %s) while the margin %s by %s.",
                against ? " against the reference" : "",
                change < 0 ? "fell" : "rose",
                Numbers.format(Math.abs(change)),
                Numbers.format(scale * before.getAsDouble()),
                Numbers.format(scale * after.getAsDouble()),
                margin < 0 ? "fell" : "grew",
                Numbers.format(Math.abs(margin)));
        String meaning = change < 0 && margin > 0
                ? " That is the sign of overoptimization: the pairs are told apart by making both completions less likely. "
                        + (objective.metrics().contains(Metrics.SFT_LOSS)
                                ? "A larger rpo.objective.eta counters it."
                                : "The objective rpo counters it, with rpo.objective.eta above 0.")
                : "";
        findings.add(new Finding("Chosen log-probability", Verdict.NEUTRAL, numbers + meaning));
    }

    private static void accuracy(List<Finding> findings, Map<String, Estimate> evaluation) {
        Estimate accuracy = evaluation.get(Metrics.ACCURACY.name());
        if (accuracy == null || !accuracy.hasInterval()) {
            return;
        }
        String verdict = accuracy.low() > 0.5
                ? "above chance: the policy ranks held-out pairs as the labels do more often than not"
                : accuracy.high() < 0.5
                        ? "below chance: the policy ranks held-out pairs against the labels"
                        : "not distinguishable from chance";
        findings.add(new Finding(
                "Held-out reward accuracy",
                Verdict.NEUTRAL,
                String.format(
                        Locale.ROOT,
                        "%s (95 %% interval %s to %s): %s.",
                        Numbers.percent(accuracy.mean()),
                        Numbers.percent(accuracy.low()),
                        Numbers.percent(accuracy.high()),
                        verdict)));
    }

    /** Holds what the reference itself would have on any pairs against what the policy has on these. */
    private static void heldOut(List<Finding> findings, Map<String, Estimate> evaluation, Objective objective) {
        objective.atReference().forEach((metric, start) -> {
            Estimate loss = evaluation.get(metric.name());
            if (loss == null || !loss.hasInterval()) {
                return;
            }
            String own = "the reference's own " + (start == Math.log(2) ? "ln 2 ≈ 0.693" : Numbers.format(start));
            String verdict = loss.high() < start
                    ? "lower than " + own
                    : loss.low() > start
                            ? "higher than " + own + ": on unseen pairs the policy is worse than not training"
                            : "not distinguishable from " + own;
            findings.add(new Finding(
                    metric.equals(Metrics.PREFERENCE_LOSS) ? "Held-out preference loss" : "Held-out " + metric.name(),
                    Verdict.NEUTRAL,
                    String.format(Locale.ROOT, "%s, %s.", Numbers.estimate(loss), verdict)));
        });
    }
}
