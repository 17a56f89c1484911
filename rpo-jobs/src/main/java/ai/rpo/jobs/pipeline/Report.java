package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.jobs.report.ReportStage;
import ai.rpo.spark.store.Fingerprint;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Everything above, drawn. */
final class Report implements Stage {

    /** Names what other commands put into the run's folder, and the page shows. */
    private static final List<String> OF_OTHER_COMMANDS =
            List.of("judge/results.json", "benchmark/results.json", Gauging.POINTS);

    private final Workplace place;
    private final List<Stage> shown;

    /** @param shown stages whose artifacts the page cannot be without */
    Report(Workplace place, List<Stage> shown) {
        this.place = place;
        this.shown = List.copyOf(shown);
    }

    @Override
    public String name() {
        return "report";
    }

    @Override
    public String folder() {
        return "report";
    }

    @Override
    public String product() {
        return "report/index.html";
    }

    @Override
    public List<Stage> requires() {
        return shown;
    }

    @Override
    public Map<String, String> dependsOn() {
        Map<String, String> values = new LinkedHashMap<>();
        OF_OTHER_COMMANDS.forEach(file -> place.run()
                .file(file)
                .read()
                .ifPresent(text -> values.put(file, InputFingerprints.text(Optional.of(text)))));
        return values;
    }

    @Override
    public boolean isDrawing() {
        return true;
    }

    @Override
    public Map<String, Long> make(Fingerprint fingerprint, Progress progress) {
        if (place.settings().gates().isEmpty()) {
            place.run().artifact(Gates.FOLDER).remove(); // of a run that had some
        }
        new ReportStage(place.spark().hadoop()).run(place.run().path(), progress);
        return Map.of();
    }
}
