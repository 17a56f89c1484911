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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the lineage of each stage that is made, and hands on all that it hears. */
final class LineageListener implements Pipeline.Listener {

    private static final Logger LOG = LoggerFactory.getLogger(LineageListener.class);

    private final Lineage lineage;
    private final Settings settings;
    private final RunDirectory run;
    private final Configuration hadoop;
    private final Pipeline.Listener next;
    private Optional<Lineage.JobRun> running = Optional.empty();

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
        try {
            running = Optional.of(lineage.started(stage.name(), inputs(stage), List.of(output(stage))));
        } catch (RuntimeException e) { // whoever is told how a run goes on cannot stop it
            running = Optional.empty();
            LOG.warn("The lineage of {} is not told: {}", stage.name(), e.toString());
        }
        next.started(stage);
    }

    @Override
    public void finished(Stage stage, Map<String, Long> counts, Duration took) {
        running.ifPresent(lineage::completed);
        next.finished(stage, counts, took);
    }

    @Override
    public void failed(Stage stage, Throwable why) {
        running.ifPresent(of -> lineage.failed(of, String.valueOf(why.getMessage())));
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

    /** Names what the stage leaves in the run directory, or the table that it copies results of another stage to. */
    private LineageDataset output(Stage stage) {
        Optional<String> table =
                switch (stage.name()) {
                    case "table-score" -> settings.tables().score();
                    case "table-generate" -> settings.tables().generate();
                    case "table-rate" -> settings.tables().rate();
                    case "table-judge" -> settings.tables().judge();
                    default -> Optional.empty();
                };
        return table.map(name -> dataset("table:" + name, Optional.empty())).orElseGet(() -> ofRun(stage));
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
