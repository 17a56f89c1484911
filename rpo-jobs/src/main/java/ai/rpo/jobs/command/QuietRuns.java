package ai.rpo.jobs.command;

import ai.rpo.core.Progress;
import ai.rpo.jobs.config.ConfigurationSources;
import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.launch.SparkLauncher;
import ai.rpo.jobs.pipeline.Stage;
import ai.rpo.jobs.pipeline.Stages;
import ai.rpo.jobs.pipeline.TablePins;
import ai.rpo.jobs.progress.Display;
import ai.rpo.jobs.progress.StatusFile;
import ai.rpo.spark.store.RunDirectory;
import ai.rpo.spark.store.Stores;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/** Does what commands do, in a process of another one, and says nothing but how far it is. */
record QuietRuns(SparkLauncher spark) {

    /** Passes progress on, and has nothing before the screen to take away. */
    private record Told(Progress progress) implements Display {

        @Override
        public void update(String what, long done, long total) {
            progress.update(what, done, total);
        }

        @Override
        public void close() {}
    }

    /** Makes a stage of the run that a configuration file describes, as its command does. */
    void make(Path file, List<String> required, Function<Stages, Stage> target, Progress progress) {
        run(file, required, progress, running -> running.make(running.configuration(), running.output(), target));
    }

    /** Aligns a policy online as a configuration file says, and draws no reports of its rounds. */
    void online(Path file, Progress progress) {
        run(file, Job.ONLINE, progress, running -> new OnlineRounds(sources(file), running, false).run());
    }

    private void run(Path file, List<String> required, Progress progress, Consumer<RunningCommand> work) {
        ResolvedConfiguration configuration = ResolvedConfiguration.load(sources(file), required);
        RunDirectory run =
                new RunDirectory(Stores.path(configuration.settings().output().orElseThrow()), spark.hadoop());
        PrintStream nobody = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        work.accept(new RunningCommand(
                configuration,
                run,
                spark,
                new TablePins(spark),
                new StatusFile(run.file("status.json"), run.fence(), "demo", Clock.systemUTC()),
                new Told(progress),
                nobody));
    }

    private static ConfigurationSources sources(Path file) {
        return ConfigurationSources.of(Optional.of(file.toString()), List.of());
    }
}
