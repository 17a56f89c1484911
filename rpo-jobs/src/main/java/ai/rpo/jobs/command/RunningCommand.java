package ai.rpo.jobs.command;

import ai.rpo.core.Progress;
import ai.rpo.jobs.config.ConfigurationSources;
import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.config.Settings;
import ai.rpo.jobs.launch.ProgramVersion;
import ai.rpo.jobs.launch.SparkLauncher;
import ai.rpo.jobs.pipeline.Decision;
import ai.rpo.jobs.pipeline.Pipeline;
import ai.rpo.jobs.pipeline.Stage;
import ai.rpo.jobs.pipeline.Stages;
import ai.rpo.jobs.pipeline.TablePins;
import ai.rpo.jobs.progress.Display;
import ai.rpo.jobs.progress.StatusFile;
import ai.rpo.jobs.track.Lineage;
import ai.rpo.jobs.track.Tracking;
import ai.rpo.spark.store.RunDirectory;
import ai.rpo.spark.train.TrainingListener;
import com.typesafe.config.ConfigUtil;
import java.io.PrintStream;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.Path;

/**
 * A command that holds its output folder, and what it works with.
 *
 * @param output behind the lease
 * @param spark started when first asked for a session
 * @param pins which rows tables stand for
 * @param out for what it tells the person before the screen
 */
record RunningCommand(
        ResolvedConfiguration configuration,
        RunDirectory output,
        SparkLauncher spark,
        TablePins pins,
        StatusFile status,
        Display display,
        PrintStream out) {

    /**
     * Makes a stage's artifact in a run directory, and before it those that it needs.
     *
     * @param run the output folder, or one in it that is behind the same lease
     */
    void make(ResolvedConfiguration configuration, RunDirectory run, Function<Stages, Stage> target) {
        try (Tracking tracking = tracking(configuration, run)) {
            Progress progress = (what, done, total) -> {
                display.update(what, done, total);
                status.update(done, total);
                tracking.update(what, done, total);
            };
            Stages stages = stages(configuration, run, tracking);
            Pipeline pipeline = new Pipeline(run, configuration.settings().overwrite(), ProgramVersion.get());
            List<Decision> plan = pipeline.plan(target.apply(stages));
            run.file("resolved.conf").write(configuration.text());
            execute(pipeline, plan, progress, configuration.settings(), run);
            tracking.succeeded();
        }
    }

    private void execute(
            Pipeline pipeline, List<Decision> plan, Progress progress, Settings settings, RunDirectory run) {
        Pipeline.Listener console = new ConsoleListener(out, display, status, run);
        if (!settings.openlineage().isOn()) {
            pipeline.execute(plan, progress, console);
            return;
        }
        try (Lineage lineage = new Lineage(
                settings.openlineage(),
                run,
                ProgramVersion.get(),
                System::getenv,
                Clock.systemUTC(),
                missed -> say("note", missed))) {
            pipeline.execute(plan, progress, new LineageListener(lineage, settings, run, spark.hadoop(), console));
        }
    }

    private Tracking tracking(ResolvedConfiguration configuration, RunDirectory run) {
        return Tracking.of(
                configuration.settings().mlflow(),
                configuration.settings().tensorboard(),
                run,
                configuration.params(),
                System::getenv,
                missed -> say("note", missed),
                spark.hadoop());
    }

    /** The stages of a run in a directory that is behind this command's lease. */
    Stages stages(ResolvedConfiguration configuration, RunDirectory run) {
        return stages(configuration, run, TrainingListener.NONE);
    }

    private Stages stages(ResolvedConfiguration configuration, RunDirectory run, TrainingListener tracking) {
        return new Stages(configuration, run, spark, pins, tracking, remark -> say("note", remark));
    }

    /**
     * Gives the configuration of a run in a folder of the output. All such runs share their scores, unless they have a folder of
     * their own.
     *
     * @param sources of this command's configuration
     * @param own keys of the run, which count before those
     */
    ResolvedConfiguration within(
            ConfigurationSources sources, RunDirectory run, List<String> own, List<String> required) {
        List<String> keys = new ArrayList<>(List.of("rpo.output=" + quoted(run.path())));
        if (configuration.settings().reference().cache().isEmpty()) {
            keys.add("rpo.reference.cache=" + quoted(output.path("scores")));
        }
        keys.addAll(own);
        return pins.pinned(ResolvedConfiguration.load(sources.and(keys), required));
    }

    /** Writes paths as the list that a key takes. */
    static String list(List<String> paths) {
        return paths.stream().map(ConfigUtil::quoteString).collect(Collectors.joining(", ", "[", "]"));
    }

    private static String quoted(Path path) {
        return ConfigUtil.quoteString(path.toString());
    }

    /** Tells the person before the screen. */
    void say(String what, String text) {
        display.close();
        out.printf("%-9s %s%n", what, text);
    }
}
