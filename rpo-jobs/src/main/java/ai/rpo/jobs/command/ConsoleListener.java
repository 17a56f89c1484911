package ai.rpo.jobs.command;

import ai.rpo.jobs.pipeline.Pipeline;
import ai.rpo.jobs.pipeline.Stage;
import ai.rpo.jobs.progress.Display;
import ai.rpo.jobs.progress.Durations;
import ai.rpo.jobs.progress.StatusFile;
import ai.rpo.spark.store.Manifest;
import ai.rpo.spark.store.RunDirectory;
import java.io.PrintStream;
import java.time.Duration;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** One line for each stage, and its name in {@code status.json}. */
final class ConsoleListener implements Pipeline.Listener {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm").withZone(ZoneId.systemDefault());

    private final PrintStream out;
    private final Display display;
    private final StatusFile status;
    private final RunDirectory run;

    ConsoleListener(PrintStream out, Display display, StatusFile status, RunDirectory run) {
        this.out = out;
        this.display = display;
        this.status = status;
        this.run = run;
    }

    @Override
    public void reused(Stage stage, Manifest manifest) {
        print(stage, "reused, made " + TIME.format(manifest.createdAt()) + counted(manifest.counts()) + product(stage));
        stage.summary().forEach(out::println);
    }

    @Override
    public void skipped(Stage stage) {
        print(stage, "skipped: " + stage.skipped().orElseThrow());
    }

    @Override
    public void started(Stage stage) {
        status.stage(stage.name());
    }

    @Override
    public void finished(Stage stage, Map<String, Long> counts, Duration took) {
        print(stage, "done in " + Durations.text(took) + counted(counts) + product(stage));
        stage.summary().forEach(out::println);
    }

    private void print(Stage stage, String text) {
        display.close();
        out.printf("%-9s %s%n", stage.name(), text);
    }

    private String product(Stage stage) {
        return " → " + run.path(stage.product());
    }

    private static String counted(Map<String, Long> counts) {
        return counts.isEmpty()
                ? ""
                : counts.entrySet().stream()
                        .map(count -> String.format(
                                Locale.ROOT,
                                "%,d %s",
                                count.getValue(),
                                count.getKey().replace('_', ' ')))
                        .collect(Collectors.joining(", ", ": ", ""));
    }
}
