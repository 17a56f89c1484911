package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.judge.JudgeProtocol;
import ai.rpo.core.objective.Metric;
import ai.rpo.jobs.config.Settings;
import ai.rpo.jobs.gates.Figures;
import ai.rpo.jobs.gates.Gate;
import ai.rpo.jobs.gates.GateSettings;
import ai.rpo.jobs.gates.Verdict;
import ai.rpo.jobs.report.ReportStage;
import ai.rpo.spark.store.Fingerprint;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Holds what was measured against {@code rpo.gates}; an artifact only where every gate is passed. */
final class Gates implements Stage {

    static final String FOLDER = "gates";

    private static final String DATA = FOLDER + "/data";
    private static final String MODEL = FOLDER + "/model";

    /** Protocols that grade answers one by one, and say nothing of which is preferred. */
    private static final Set<JudgeProtocol> WITHOUT_WIN_RATE =
            Set.of(JudgeProtocol.MT_BENCH_SINGLE, JudgeProtocol.PROGRAM_SINGLE);

    private final Workplace place;
    private final String name;
    private final String folder;
    private final List<Stage> measured;

    private Gates(Workplace place, String name, String folder, List<Stage> measured) {
        this.place = place;
        this.name = name;
        this.folder = folder;
        this.measured = List.copyOf(measured);
    }

    /** Gates in front of training. */
    static Gates ofData(Workplace place, Stage prepare) {
        return new Gates(place, "data-gates", DATA, List.of(prepare));
    }

    /** @param measured stages that measure the model */
    static Gates ofModel(Workplace place, List<Stage> measured) {
        return new Gates(place, "gates", MODEL, measured);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String folder() {
        return folder;
    }

    @Override
    public String product() {
        return folder + "/results.json";
    }

    @Override
    public List<Stage> requires() {
        return measured;
    }

    @Override
    public Map<String, String> dependsOn() {
        return place.configuration().valuesUnder("rpo.gates");
    }

    @Override
    public boolean isDrawing() {
        return true;
    }

    @Override
    public void checkMakeable() {
        GateSettings settings = place.settings().gates();
        for (Gate gate : settings.ofEvaluation()) {
            place.withoutHeldOutPairs().ifPresent(why -> {
                throw unmeasurable(gate.key(), "there are " + why);
            });
            Metric metric = settings.metricOf(gate);
            if (!place.settings().objective().metrics().contains(metric)) {
                throw unmeasurable(
                        gate.key(),
                        "the objective " + place.settings().objective().name() + " has no " + metric.name()
                                + ". Leave the gate out");
            }
        }
        if (settings.maxKl().isPresent() && !place.settings().gauge().isOn()) {
            throw unmeasurable("rpo.gates.max-kl", "nothing is gauged; name prompts with rpo.gauge.prompts");
        }
        if (settings.minWinRateLow().isPresent()) {
            requireWinRate();
        }
    }

    /** @throws RpoException where a task that a gate names is not asked */
    static void requireBenchmarks(Settings settings) {
        for (String task : settings.gates().maxBenchmarkDrop().keySet()) {
            String key = "rpo.gates.max-benchmark-drop." + task;
            if (!settings.benchmark().tasks().contains(task)) {
                throw unmeasurable(key, "the task is not asked; name it in rpo.benchmark.tasks");
            }
            if (settings.benchmark().data().isEmpty()) {
                throw unmeasurable(key, "rpo.benchmark.data has no value; give the folder of the task's files");
            }
        }
    }

    private void requireWinRate() {
        String key = "rpo.gates.min-win-rate-low";
        if (!place.settings().evaluate().judge()) {
            throw unmeasurable(key, "nobody judges the model's answers; set rpo.evaluate.judge = true");
        }
        if (place.settings().evaluate().prompts().isEmpty()) {
            place.withoutHeldOutPairs().ifPresent(why -> {
                throw unmeasurable(key, "there are " + why + ", or prompts with rpo.evaluate.prompts");
            });
        }
        Optional<JudgeProtocol> protocol = place.settings().judge().protocol();
        if (protocol.filter(WITHOUT_WIN_RATE::contains).isPresent()) {
            throw unmeasurable(
                    key,
                    "rpo.judge.protocol grades answers one by one; name one that compares two, such as mt-bench-pair");
        }
    }

    private static RpoException unmeasurable(String key, String why) {
        return RpoException.configuration("Cannot hold the model against " + key + ": " + why + ".");
    }

    @Override
    public Map<String, Long> make(Fingerprint fingerprint, Progress progress) {
        List<Verdict> verdicts = verdicts();
        place.run()
                .file(product())
                .write(Json.text(
                        Map.of("gates", verdicts.stream().map(Verdict::fields).toList())));
        List<Verdict> failed =
                verdicts.stream().filter(verdict -> !verdict.passed()).toList();
        if (!failed.isEmpty()) {
            throw held(failed, progress);
        }
        return Map.of("passed", (long) verdicts.size());
    }

    private List<Verdict> verdicts() {
        GateSettings settings = place.settings().gates();
        boolean data = folder.equals(DATA);
        Map<String, Double> figures = data
                ? Figures.ofData(place.run().file("data/report.json").read().orElse("{}"))
                : Figures.ofModel(
                        place.run().file("eval/metrics.json").read(),
                        place.run().file("judge/results.json").read(),
                        gauged(),
                        place.run().file("benchmarks/before/results.json").read(),
                        place.run().file("benchmarks/after/results.json").read());
        return (data ? settings.ofData() : settings.ofModel())
                .stream().map(gate -> gate.judge(figures)).toList();
    }

    /** Points of another training that was here before say nothing of this one. */
    private Optional<String> gauged() {
        return place.settings().gauge().isOn()
                ? place.run().file("gauge/points.jsonl").read()
                : Optional.empty();
    }

    /** The report says why, and counts as no artifact: passed gates have it drawn again. */
    private RpoException held(List<Verdict> failed, Progress progress) {
        place.run().artifact("report").remove();
        if (folder.equals(DATA)) {
            place.run().artifact(MODEL).remove();
        }
        new ReportStage(place.spark().hadoop()).run(place.run().path(), progress);
        return new RpoException(
                RpoException.Kind.GATE,
                "Cannot let the result in " + place.run().path() + " pass: "
                        + failed.stream().map(Verdict::text).collect(Collectors.joining("; ")) + ". "
                        + place.run().path("report/index.html") + " shows what came of it.");
    }

    @Override
    public List<String> summary() {
        return verdicts().stream().map(verdict -> "  " + verdict.text()).toList();
    }
}
