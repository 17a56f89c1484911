package ai.rpo.jobs.report;

import ai.rpo.core.objective.Metric;
import ai.rpo.core.objective.Metrics;
import ai.rpo.core.objective.Objective;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The page about one run. */
final class RunReport {

    private static final List<Metric> HEADLINES =
            List.of(Metrics.ACCURACY, Metrics.MARGIN, Metrics.LOSS, Metrics.CHOSEN_LOGPS, Metrics.REJECTED_LOGPS);

    private static final List<String> TRAININGS = List.of("train", "sft");

    private RunReport() {}

    static Page of(RunArtifacts run) {
        Page page = new Page("Run " + run.name(), lead(run));
        TrainingFigures figures = new TrainingFigures(run.training(), run.objective(), run.beta());
        Optional<GaugeFigures> gauged = run.gauged().map(GaugeFigures::new);
        page.section("findings", "Findings", headlines(run), Finding.list(RunFindings.of(run)));
        page.section(
                "figure-1",
                "Log-probabilities",
                page.figures(Stream.concat(Stream.of(figures.logps()), gauged.map(GaugeFigures::shifts).stream())
                        .toList()));
        gauged.ifPresent(gauge -> page.section(
                "gauge",
                "Distance and reward",
                page.figures(gauge.all()),
                gauge.table(),
                stageReports(run, "gauge", "What was measured by what, and the fits.")));
        page.section("learning", "Learning curves", page.figures(figures.learning()));
        page.section("rewards", "Rewards", page.figures(figures.rewards()));
        page.section("evaluation", "Evaluation", evaluation(run));
        run.judged().ifPresent(judged -> JudgeReport.addTo(page, judged));
        page.section("benchmarks", "Benchmarks", BenchmarkScores.table(run.benchmarks()));
        page.section(
                "data",
                "Data",
                stageReports(run, "data", "What preparing did with the rows, and why rows were left out."));
        page.section(
                "reference", "Reference", stageReports(run, "reference", "The reference model's log-probabilities."));
        page.section("supervised", "Supervised rows", stageReports(run, "sft", "The same of prompt/completion rows."));
        page.section("timings", "Timings", timings(run), page.figures(figures.timings()));
        page.section("configuration", "Configuration", configuration(run));
        page.section("provenance", "Provenance", provenance(run));
        return page;
    }

    static Html configuration(RunArtifacts run) {
        return run.configuration()
                .map(text -> Html.of(
                        "<details><summary>{}</summary><pre>{}</pre></details>",
                        "resolved.conf of " + run.name() + ", every key as the run used it",
                        text))
                .orElse(Html.EMPTY);
    }

    private static String lead(RunArtifacts run) {
        List<String> facts = new ArrayList<>();
        run.gates().stream()
                .filter(gate -> !gate.passed())
                .forEach(gate -> facts.add("held by a gate: " + gate.text()));
        run.judged()
                .map(judged -> JudgeFindings.brief(judged.results()))
                .ifPresent(brief -> facts.addAll(brief.subList(0, Math.min(1, brief.size()))));
        run.objective().map(Objective::title).ifPresent(facts::add);
        if (!run.training().isEmpty()) {
            facts.add(Numbers.format(run.training().steps()) + " optimizer steps");
        }
        run.status().flatMap(RunReport::stillDoing).ifPresent(facts::add);
        run.status()
                .map(status -> status.path("state").asText(""))
                .filter("failed"::equals) // while a run writes its own page, it is still running
                .ifPresent(facts::add);
        facts.add(run.directory().toString());
        return String.join(" · ", facts);
    }

    /** Says how far a run is that has not come to its report yet. */
    private static Optional<String> stillDoing(JsonNode status) {
        String stage = status.path("stage").asText("");
        long total = status.path("total").asLong();
        return status.path("state").asText("").equals("running") && TRAININGS.contains(stage) && total > 0
                ? Optional.of("so far: " + stage + ", " + status.path("done").asLong() + " of " + total)
                : Optional.empty();
    }

    private static Html headlines(RunArtifacts run) {
        List<Html> cards = new ArrayList<>();
        for (Metric metric : HEADLINES) {
            Estimate estimate = run.evaluation().get(metric.name());
            if (estimate != null) {
                cards.add(Html.of(
                        "<div class=\"card\"><div class=\"name\">held-out {}</div><div class=\"value\">{}</div><div class=\"interval\">{}</div></div>",
                        metric.name(),
                        Numbers.format(estimate.mean()),
                        estimate.hasInterval()
                                ? "95 % interval " + Numbers.format(estimate.low()) + " to "
                                        + Numbers.format(estimate.high())
                                : "no interval"));
            }
        }
        return cards.isEmpty()
                ? Html.of(
                        "<p class=\"note\">{}</p>",
                        "This run has no evaluation: no held-out pairs were given (rpo.data.eval or rpo.data.eval-fraction), or the stage has not run.")
                : Html.of("<div class=\"cards\">{}</div>", cards);
    }

    private static Html evaluation(RunArtifacts run) {
        if (run.evaluation().isEmpty()) {
            return Html.EMPTY;
        }
        List<Html> rows = new ArrayList<>();
        run.evaluation()
                .forEach((name, estimate) -> rows.add(Html.of(
                        "<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td></tr>",
                        name,
                        Numbers.format(estimate.mean()),
                        estimate.hasInterval() ? Numbers.format(estimate.low()) : "–",
                        estimate.hasInterval() ? Numbers.format(estimate.high()) : "–")));
        return Html.of("""
                <p class="note">Means over the held-out pairs with 95 % intervals, as eval/metrics.json has them.</p>\
                <div class="scroll"><table><thead><tr><th scope="col">metric</th><th scope="col" class="number">mean</th>\
                <th scope="col" class="number">low</th><th scope="col" class="number">high</th></tr></thead>\
                <tbody>{}</tbody></table></div>
                """, rows);
    }

    static Html stageReports(RunArtifacts run, String stage, String note) {
        List<Html> parts = new ArrayList<>();
        for (Map.Entry<String, JsonNode> report : run.reports().entrySet()) {
            if (report.getKey().equals(stage) || report.getKey().startsWith(stage + "/")) {
                parts.add(Html.of("<h3>{}</h3>{}", report.getKey() + "/report.json", JsonTables.of(report.getValue())));
            }
        }
        return parts.isEmpty() ? Html.EMPTY : Html.of("<p class=\"note\">{}</p>{}", note, parts);
    }

    private static Html timings(RunArtifacts run) {
        Optional<Duration> whole = run.status().flatMap(RunReport::elapsed);
        return whole.map(elapsed -> Html.of(
                        "<p>The last command, {}, took {} up to its last word in status.json.</p>",
                        run.status().orElseThrow().path("command").asText("?"),
                        Numbers.seconds(elapsed.toMillis() / 1000.0)))
                .orElse(Html.EMPTY);
    }

    private static Optional<Duration> elapsed(JsonNode status) {
        try {
            return Optional.of(Duration.between(
                    Instant.parse(status.path("started_at").asText()),
                    Instant.parse(status.path("updated_at").asText())));
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    private static Html provenance(RunArtifacts run) {
        List<Html> parts = new ArrayList<>();
        run.manifests()
                .forEach((artifact, manifest) -> parts.add(Html.of(
                        "<details><summary>{}</summary><div>{}</div></details>",
                        artifact + "/manifest.json",
                        JsonTables.of(manifest))));
        return Html.of("{}", parts);
    }
}
