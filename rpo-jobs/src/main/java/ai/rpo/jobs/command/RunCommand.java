package ai.rpo.jobs.command;

import ai.rpo.jobs.pipeline.Stages;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        header = "Everything: prepare, score, train, evaluate, report.",
        description = {"%nWrites OUTPUT/model, OUTPUT/eval/metrics.json and OUTPUT/report/index.html.%n"})
public final class RunCommand implements Callable<Integer> {

    @Mixin
    private JobOptions options;

    @Override
    public Integer call() {
        return new Job("run", options).make(Job.PREFERENCE, Stages::report);
    }
}
