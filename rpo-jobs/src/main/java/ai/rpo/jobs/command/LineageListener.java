package ai.rpo.jobs.command;

import ai.rpo.jobs.config.Settings;
import ai.rpo.jobs.pipeline.Pipeline;
import ai.rpo.jobs.pipeline.Stage;
import ai.rpo.jobs.track.Lineage;
import ai.rpo.jobs.track.LineageDataset;
import ai.rpo.spark.store.Manifest;
import ai.rpo.spark.store.RunDirectory;
import ai.rpo.spark.store.Stores;
import ai.rpo.spark.table.TableSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Tells the lineage of each stage that is made, and hands on all that it hears. */
final class LineageListener implements Pipeline.Listener {

    private final Lineage lineage;
    private final Settings settings;
    private final RunDirectory run;
    private final Configuration hadoop;
    private final Pipeline.Listener next;
    private Lineage.JobRun running;

    LineageListener(
            Lineage lineage, Settings settings, RunDirectory run, Configuration hadoop, Pipeline.Listener next) {
        this.lineage = lineage;
        this.settings = settings;
        this.run = run;
        this.hadoop = hadoop;
        this.next = next;
    }

    @Override
    public void reused(Stage stage, Manifest manifest) {
        next.reused(stage, manifest);
    }

    @Override
    public void skipped(Stage stage) {
        next.skipped(stage);
    }

    @Override
    public void started(Stage stage) {
        running = lineage.started(stage.name(), inputs(stage), outputs(stage));
        next.started(stage);
    }

    @Override
    public void finished(Stage stage, Map<String, Long> counts, Duration took) {
        lineage.completed(running);
        next.finished(stage, counts, took);
    }

    @Override
    public void failed(Stage stage, Throwable why) {
        lineage.failed(running, String.valueOf(why.getMessage()));
        next.failed(stage, why);
    }

    /** Rows from outside, models, and what other stages have made of them. */
    private List<LineageDataset> inputs(Stage stage) {
        List<LineageDataset> inputs = new ArrayList<>();
        stage.inputs().forEach((path, content) -> inputs.add(dataset(path, Optional.of(content))));
        Map<String, String> known = stage.dependsOn();
        Optional<String> model = settings.model().path();
        model.ifPresent(path -> add(path, known.get("rpo.model.path"), inputs));
        settings.reference()
                .path()
                .or(() -> model)
                .ifPresent(path -> add(path, known.get("rpo.reference.path"), inputs));
        stage.requires().stream()
                .filter(required -> required.skipped().isEmpty())
                .forEach(required -> inputs.add(ofRun(required)));
        return inputs;
    }

    /** Adds a model where the stage depends on it. */
    private void add(String model, String content, List<LineageDataset> inputs) {
        if (content != null) {
            inputs.add(dataset(model, Optional.of(content)));
        }
    }

    private List<LineageDataset> outputs(Stage stage) {
        List<LineageDataset> outputs = new ArrayList<>(List.of(ofRun(stage)));
        Optional<String> table =
                switch (stage.name()) {
                    case "score" -> settings.tables().score();
                    case "generate" -> settings.tables().generate();
                    case "rate" -> settings.tables().rate();
                    case "judge" -> settings.tables().judge();
                    default -> Optional.empty();
                };
        table.ifPresent(name -> outputs.add(dataset("table:" + name, Optional.empty())));
        return outputs;
    }

    private LineageDataset ofRun(Stage stage) {
        return dataset(run.path(stage.product()).toString(), Optional.empty());
    }

    private LineageDataset dataset(String path, Optional<String> version) {
        return LineageDataset.of(
                TableSource.isOne(path) ? path : qualified(path),
                version,
                settings.openlineage().jobs());
    }

    private String qualified(String path) {
        Path file = Stores.path(path);
        return Stores.open(file, hadoop).makeQualified(file).toUri().toString();
    }
}
