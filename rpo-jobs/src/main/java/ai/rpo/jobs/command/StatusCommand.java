package ai.rpo.jobs.command;

import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.launch.Failure;
import ai.rpo.jobs.launch.LogFile;
import ai.rpo.jobs.launch.SparkLauncher;
import ai.rpo.jobs.progress.RunStatus;
import ai.rpo.spark.store.RunDirectory;
import ai.rpo.spark.store.Stores;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "status",
        mixinStandardHelpOptions = true,
        header = "Say how far the command in an output folder is, and who holds it.",
        description = {
            "%nReads what lies in the folder and changes nothing, while a command runs there and after it. --config and -D serve"
                    + " keys of object stores.%n"
        })
public final class StatusCommand implements Callable<Integer> {

    @Mixin
    private JobOptions options;

    @Parameters(paramLabel = "OUTPUT", description = "The rpo.output of a command, on any Hadoop file system.")
    private String output;

    @Override
    public Integer call() {
        LogFile.silence();
        try {
            ResolvedConfiguration configuration = ResolvedConfiguration.load(options.sources(), List.of());
            try (SparkLauncher spark = new SparkLauncher("rpo status", options.master(), configuration.spark())) {
                RunDirectory run = new RunDirectory(Stores.path(output), spark.hadoop());
                RunStatus.of(run, spark.hadoop()).lines(Instant.now()).forEach(System.out::println);
            }
            return 0;
        } catch (RuntimeException e) {
            Failure failure = Failure.of("say how far " + output + " is", e);
            failure.print(e, Optional.empty());
            return failure.exitCode();
        }
    }
}
