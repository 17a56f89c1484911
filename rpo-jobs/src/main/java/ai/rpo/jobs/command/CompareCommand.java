package ai.rpo.jobs.command;

import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.launch.Failure;
import ai.rpo.jobs.launch.LogFile;
import ai.rpo.jobs.launch.SparkLauncher;
import ai.rpo.jobs.progress.Display;
import ai.rpo.jobs.report.ReportStage;
import ai.rpo.spark.store.Stores;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "compare",
        mixinStandardHelpOptions = true,
        header = "Draw several runs on one HTML page.",
        description = {
            "%nRuns whose settings differ in rpo.train.seed alone are drawn as one, with a band. Writes FOLDER/index.html, which needs"
                    + " no network. --config and -D serve keys of object stores.%n"
        })
public final class CompareCommand implements Callable<Integer> {

    @Mixin
    private JobOptions options;

    @Option(
            names = "--output",
            paramLabel = "FOLDER",
            defaultValue = "runs/compare",
            description = "A folder, on any Hadoop file system. Default: ${DEFAULT-VALUE}.")
    private String output;

    @Parameters(arity = "1..*", paramLabel = "RUN", description = "Output folders of runs.")
    private List<String> runs;

    @Override
    public Integer call() {
        LogFile.silence();
        try (Display display = Display.onStandardError()) {
            ResolvedConfiguration configuration = ResolvedConfiguration.load(options.sources(), List.of());
            try (SparkLauncher spark = new SparkLauncher("rpo compare", options.master(), configuration.spark())) {
                ReportStage.Report report = new ReportStage(spark.hadoop())
                        .sideBySide(runs.stream().map(Stores::path).toList(), Stores.path(output), display);
                display.close();
                report.findings().forEach(finding -> System.out.println(finding.topic() + "\n  " + finding.text()));
                System.out.println(
                        "compare   " + runs.size() + (runs.size() == 1 ? " run" : " runs") + " → " + report.page());
            }
            return 0;
        } catch (RuntimeException e) {
            Failure failure = Failure.of("compare runs", e);
            failure.print(e, Optional.empty());
            return failure.exitCode();
        }
    }
}
