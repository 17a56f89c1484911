package ai.rpo.jobs.command;

import ai.rpo.jobs.pipeline.Stages;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "report",
        mixinStandardHelpOptions = true,
        header = "Draw a run as one HTML page.",
        description = {"%nWrites OUTPUT/report/index.html, which needs no network.%n"})
public final class ReportCommand implements Callable<Integer> {

    @Mixin
    private JobOptions options;

    @Override
    public Integer call() {
        return new Job("report", options).make(Job.PREFERENCE, Stages::report);
    }
}
