package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.jobs.report.ReportStage;
import ai.rpo.spark.store.Fingerprint;
import java.util.List;
import java.util.Map;

/** Everything above, drawn. */
final class Report implements Stage {

    private final Workplace place;
    private final Stage train;
    private final Stage evaluate;

    Report(Workplace place, Stage train, Stage evaluate) {
        this.place = place;
        this.train = train;
        this.evaluate = evaluate;
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
        return List.of(evaluate, train);
    }

    @Override
    public Map<String, String> dependsOn() {
        return Map.of();
    }

    @Override
    public Map<String, Long> make(Fingerprint fingerprint, Progress progress) {
        new ReportStage(place.spark().hadoop()).run(place.run().path(), progress);
        return Map.of();
    }
}
