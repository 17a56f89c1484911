package ai.rpo.jobs.report;

import ai.rpo.core.objective.Metric;
import ai.rpo.core.objective.Metrics;
import ai.rpo.jobs.report.GoldRecord.Sample;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The page that sets runs of several variants, over seeds, side by side. */
final class ComparisonReport {

    private static final List<Metric> HELD_OUT = List.of(
            Metrics.ACCURACY,
            Metrics.MARGIN,
            Metrics.LOSS,
            Metrics.PREFERENCE_LOSS,
            Metrics.CHOSEN_LOGPS,
            Metrics.REJECTED_LOGPS);

    private ComparisonReport() {}

    static Page of(Comparison comparison, List<RunArtifacts> runs, List<Variant> variants, List<Finding> findings) {
        Page page = new Page(comparison.title(), comparison.lead());
        ComparisonFigures figures = new ComparisonFigures(variants);
        page.section("findings", "Findings", Finding.list(findings));
        page.section("figure-1", "Figure 1", page.figures(List.of(figures.chosenLogps(), figures.rejectedLogps())));
        page.section("gold", "Gold reward", page.figures(List.of(figures.goldOverTraining(), figures.goldByEta())));
        page.section("held-out", "Held-out pairs", heldOut(variants));
        page.section("numbers", "Numbers", numbers(variants));
        page.section("samples", "Sample answers", samples(variants));
        page.section("learning", "Learning curves", page.figures(figures.learning()));
        page.section("setup", "Set-up", setup(comparison));
        page.section("data", "Data", firstOfEachSeed(runs));
        page.section(
                "configuration",
                "Configuration",
                Html.of("{}", runs.stream().map(RunReport::configuration).toList()));
        return page;
    }

    private static Html setup(Comparison comparison) {
        List<Html> paragraphs = comparison.setup().stream()
                .map(text -> Html.of("<p>{}</p>", text))
                .toList();
        return Html.of("{}", paragraphs);
    }

    /** Shows, of runs without a grader, what was measured of each variant. */
    private static Html heldOut(List<Variant> variants) {
        List<String> metrics = HELD_OUT.stream()
                .map(Metric::name)
                .filter(metric -> variants.stream()
                        .anyMatch(variant -> !variant.heldOut(metric).isEmpty()))
                .toList();
        if (isGraded(variants) || metrics.isEmpty()) {
            return Html.EMPTY;
        }
        List<Html> head = metrics.stream()
                .map(metric -> Html.of("<th scope=\"col\" class=\"number\">{}</th>", metric))
                .toList();
        List<Html> rows = new ArrayList<>();
        for (Variant variant : variants) {
            rows.add(Html.of(
                    "<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td>{}</tr>",
                    variant.name(),
                    variant.runs().size(),
                    metrics.stream()
                            .map(metric -> Html.of("<td class=\"number\">{}</td>", estimate(variant.heldOut(metric))))
                            .toList()));
        }
        return Html.of("""
                <p class="note">Means of eval/metrics.json; of several runs that differ in their seed alone, their mean with \
                its 95 % interval (Student's t).</p>\
                <div class="scroll"><table><thead><tr><th scope="col">variant</th><th scope="col" class="number">runs</th>{}\
                </tr></thead><tbody>{}</tbody></table></div>
                """, head, rows);
    }

    private static boolean isGraded(List<Variant> variants) {
        return variants.stream().anyMatch(variant -> !variant.gold().isEmpty());
    }

    private static Html numbers(List<Variant> variants) {
        if (!isGraded(variants)) {
            return Html.EMPTY;
        }
        List<Html> rows = new ArrayList<>();
        for (Variant variant : variants) {
            rows.add(Html.of(
                    """
                    <tr><th scope="row">{}</th><td class="number">{}</td><td class="number">{}</td>\
                    <td class="number">{}</td><td class="number">{}</td><td class="number">{}</td></tr>
                    """,
                    variant.name(),
                    variant.runs().size(),
                    estimate(variant.gold().stream().map(GoldRecord::last).toList()),
                    estimate(variant.gold().stream()
                            .map(gold -> gold.best().gold())
                            .toList()),
                    estimate(variant.changes(Metrics.CHOSEN_LOGPS.name())),
                    estimate(variant.heldOut(Metrics.ACCURACY.name()))));
        }
        return Html.of("""
                <p class="note">Mean over seeds [95 % interval, Student's t over seeds]. The best epoch is each seed's \
                own, chosen after the fact, so it flatters.</p>\
                <div class="scroll"><table><thead><tr><th scope="col">variant</th><th scope="col" class="number">seeds</th>\
                <th scope="col" class="number">gold at the end</th><th scope="col" class="number">gold at its best epoch</th>\
                <th scope="col" class="number">chosen log-prob, first → last epoch</th>\
                <th scope="col" class="number">held-out reward accuracy</th></tr></thead><tbody>{}</tbody></table></div>
                """, rows);
    }

    private static String estimate(List<Double> values) {
        return values.isEmpty() ? "–" : Numbers.estimate(Estimate.ofSeeds(values));
    }

    /** Answers of each variant's first graded run to the same prompts. */
    private static Html samples(List<Variant> variants) {
        Map<String, Map<Variant, Sample>> byPrompt = new LinkedHashMap<>();
        for (Variant variant : variants) {
            variant.gold().stream()
                    .limit(1)
                    .flatMap(gold -> gold.samples().stream())
                    .forEach(sample -> byPrompt.computeIfAbsent(sample.prompt(), prompt -> new LinkedHashMap<>())
                            .put(variant, sample));
        }
        if (byPrompt.isEmpty()) {
            return Html.EMPTY;
        }
        List<Html> head = variants.stream()
                .map(variant -> Html.of("<th scope=\"col\">{}</th>", variant.name()))
                .toList();
        List<Html> rows = new ArrayList<>();
        byPrompt.forEach((prompt, answers) -> rows.add(Html.of(
                "<tr><td class=\"sample\">{}</td>{}</tr>",
                prompt,
                variants.stream().map(variant -> sample(answers.get(variant))).toList())));
        return Html.of("""
                <p class="note">One answer a prompt, sampled after the last epoch of the first seed, with its gold reward; \
                the prompts are the first of the unseen ones, not picked.</p>\
                <div class="scroll"><table><thead><tr><th scope="col">prompt</th>{}</tr></thead><tbody>{}</tbody></table></div>
                """, head, rows);
    }

    private static Html sample(Sample sample) {
        if (sample == null) {
            return Html.of("<td>–</td>");
        }
        return Html.of(
                "<td class=\"sample\">{}{}<span class=\"gold{}\">{}</span></td>",
                sample.answer(),
                sample.finished() ? "" : " …",
                new Html(sample.gold() >= 1 ? " full" : ""),
                Numbers.format(sample.gold()));
    }

    /** Runs of one seed share their data, so each seed's is shown once. */
    private static Html firstOfEachSeed(List<RunArtifacts> runs) {
        Map<Long, RunArtifacts> first = new LinkedHashMap<>();
        runs.forEach(run -> first.putIfAbsent(run.seed().orElse(0L), run));
        return Html.of(
                "{}",
                first.entrySet().stream()
                        .map(entry -> Html.of(
                                "<details><summary>{}</summary><div>{}</div></details>",
                                "Seed " + entry.getKey() + ": what preparing did with the rows",
                                RunReport.stageReports(
                                        entry.getValue(),
                                        "data",
                                        "From " + entry.getValue().name() + ".")))
                        .toList());
    }
}
