package ai.rpo.jobs.command;

import ai.rpo.jobs.launch.Failure;
import ai.rpo.jobs.launch.LogFile;
import ai.rpo.jobs.progress.Display;
import ai.rpo.jobs.progress.Durations;
import ai.rpo.jobs.report.Finding;
import ai.rpo.jobs.report.ReportStage;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "theory",
        mixinStandardHelpOptions = true,
        header = "Show the paper's theory with numbers: small worlds, solved exactly.",
        description = {
            "%nNeeds neither data nor a model nor Spark and takes seconds. Writes FOLDER/index.html, and each figure beside it.%n"
        })
public final class TheoryCommand implements Callable<Integer> {

    @Option(
            names = "--output",
            paramLabel = "FOLDER",
            defaultValue = "runs/theory",
            description = "A folder; what is in it of the same names is replaced. Default: ${DEFAULT-VALUE}.")
    private Path output;

    @Override
    public Integer call() {
        LogFile.silence();
        Instant start = Instant.now();
        try (Display display = Display.onStandardError()) {
            ReportStage.Report report =
                    new ReportStage(new Configuration()).theory(new org.apache.hadoop.fs.Path(output.toUri()), display);
            display.close();
            report.findings().forEach(TheoryCommand::print);
            System.out.printf(
                    "%nDone in %s. Open %s%n",
                    Durations.text(Duration.between(start, Instant.now())),
                    report.page().toUri().getPath());
            return 0;
        } catch (RuntimeException e) {
            Failure failure = Failure.of("show the theory", e);
            failure.print(e, Optional.empty());
            return failure.exitCode();
        }
    }

    private static void print(Finding finding) {
        System.out.printf("%s%n  %s%n", finding.topic(), finding.text());
    }
}
