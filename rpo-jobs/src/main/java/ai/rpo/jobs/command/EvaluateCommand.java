package ai.rpo.jobs.command;

import ai.rpo.jobs.pipeline.Stages;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "evaluate",
        mixinStandardHelpOptions = true,
        header = "Measure the trained model on held-out pairs.",
        description = {
            "%nWrites OUTPUT/eval/metrics.json: loss, accuracy, margins and log-probabilities, with 95 % intervals.%n"
        })
public final class EvaluateCommand implements Callable<Integer> {

    @Mixin
    private JobOptions options;

    @Override
    public Integer call() {
        return new Job("evaluate", options).make(Job.PREFERENCE, Stages::evaluate);
    }
}
