package ai.rpo.jobs.command;

import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.launch.Failure;
import ai.rpo.jobs.launch.LogFile;
import ai.rpo.jobs.launch.SparkLauncher;
import ai.rpo.jobs.pipeline.Stage;
import ai.rpo.jobs.pipeline.Stages;
import ai.rpo.jobs.pipeline.TablePins;
import ai.rpo.jobs.progress.Display;
import ai.rpo.jobs.progress.StatusFile;
import ai.rpo.spark.store.Lease;
import ai.rpo.spark.store.RunDirectory;
import ai.rpo.spark.store.Stores;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.util.ShutdownHookManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One command from its options to its exit code: makes a stage's artifact, and before it those that it needs. */
final class Job {

    /** Keys without a default that preference training needs. */
    static final List<String> PREFERENCE = List.of("rpo.output", "rpo.model.path", "rpo.data.train");

    /** Keys without a default that retraining needs; it starts from the model at {@code rpo.model.path} where nothing is in production. */
    static final List<String> RETRAINING = List.of("rpo.output", "rpo.registry", "rpo.model.path", "rpo.data.train");

    /** Keys without a default that supervised fine-tuning needs. */
    static final List<String> SUPERVISED = List.of("rpo.output", "rpo.model.path", "rpo.sft.data");

    /** Keys without a default that generation needs. */
    static final List<String> GENERATION = List.of("rpo.output", "rpo.model.path", "rpo.generate.prompts");

    /** Keys without a default that rating completions needs. */
    static final List<String> RATING = List.of("rpo.output", "rpo.rate.model", "rpo.rate.completions");

    /** Keys without a default that measuring a run's checkpoints needs. */
    static final List<String> GAUGING = List.of("rpo.output", "rpo.model.path", "rpo.data.train", "rpo.gauge.prompts");

    /** Keys without a default that online alignment needs, whoever rates. */
    static final List<String> ONLINE = List.of("rpo.output", "rpo.model.path", "rpo.online.prompts");

    /** Keys without a default that any judging needs; it says itself what else it lacks. */
    static final List<String> JUDGING = List.of("rpo.output");

    /** Keys without a default that benchmark tasks need. */
    static final List<String> BENCHMARK =
            List.of("rpo.output", "rpo.model.path", "rpo.benchmark.tasks", "rpo.benchmark.data");

    /** The exit code that a shell reports for a program stopped with Ctrl-C. */
    private static final int INTERRUPTED = 130;

    // Hadoop closes file systems at the end of the process; Spark stops before that, 30 higher.
    private static final int BEFORE_SPARK_STOPS = FileSystem.SHUTDOWN_HOOK_PRIORITY + 40;
    private static final int AFTER_SPARK_HAS_STOPPED = FileSystem.SHUTDOWN_HOOK_PRIORITY + 10;

    private static final Logger LOG = LoggerFactory.getLogger(Job.class);

    private final String command;
    private final JobOptions options;

    Job(String command, JobOptions options) {
        this.command = command;
        this.options = options;
    }

    /**
     * @param required keys that the command cannot do without
     * @return the exit code
     */
    int make(List<String> required, Function<Stages, Stage> target) {
        return make(() -> ResolvedConfiguration.load(options.sources(), required), target);
    }

    /** Runs a command that takes preference pairs, or supervised rows if nothing else is named. */
    int makeOfGivenRows(Function<Stages, Stage> target) {
        return make(options::ofGivenRows, target);
    }

    private int make(Supplier<ResolvedConfiguration> load, Function<Stages, Stage> target) {
        return run(load, running -> running.make(running.configuration(), running.output(), target));
    }

    /**
     * Does what a command does once it holds its output folder.
     *
     * @return the exit code
     */
    int run(Supplier<ResolvedConfiguration> load, Consumer<RunningCommand> work) {
        LogFile.silence();
        ResolvedConfiguration configuration;
        RunDirectory run;
        Optional<Path> log;
        SparkLauncher spark;
        Lease lease;
        try {
            configuration = load.get();
            spark = new SparkLauncher("rpo " + command, options.master(), configuration.spark());
            run = new RunDirectory(Stores.path(configuration.settings().output().orElseThrow()), spark.hadoop());
            Optional<Path> folder = run.make();
            lease = run.lease(command);
            run = run.behind(lease);
            log = LogFile.open(folder);
        } catch (RuntimeException e) {
            return report(Failure.of("begin to " + verb(), e), e, Optional.empty());
        }
        StatusFile status = new StatusFile(run.file("status.json"), run.fence(), command, Clock.systemUTC());
        try (lease;
                spark;
                Display display = Display.onStandardError()) {
            status.begin();
            atExit(() -> interrupted(status), BEFORE_SPARK_STOPS);
            atExit(lease::close, AFTER_SPARK_HAS_STOPPED);
            TablePins pins = new TablePins(spark);
            work.accept(new RunningCommand(pins.pinned(configuration), run, spark, pins, status, display, System.out));
            status.succeeded();
            return 0;
        } catch (Throwable e) {
            Failure failure = Failure.of(verb(), e);
            boolean first = status.failed(failure.exitCode(), failure.message());
            return first ? report(failure, e, log) : INTERRUPTED;
        }
    }

    /** Says what the command does, where its name does not. */
    private String verb() {
        return switch (command) {
            case "online" -> "align online";
            case "reward" -> "train reward models";
            case "sft" -> "fine-tune";
            default -> command;
        };
    }

    private static void atExit(Runnable action, int priority) {
        ShutdownHookManager.get().addShutdownHook(action, priority);
    }

    /** Runs at every end of the process; it is an interruption only if the command has not ended before. */
    private void interrupted(StatusFile status) {
        if (status.failed(INTERRUPTED, "The command was interrupted.")) {
            System.err.printf("%nInterrupted. Run the same command to go on; finished stages are kept.%n");
        }
    }

    private int report(Failure failure, Throwable thrown, Optional<Path> log) {
        LOG.error("{}", failure.message(), thrown);
        failure.print(thrown, log);
        return failure.exitCode();
    }
}
