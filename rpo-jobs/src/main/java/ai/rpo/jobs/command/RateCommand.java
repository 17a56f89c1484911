package ai.rpo.jobs.command;

import ai.rpo.jobs.pipeline.Stages;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ./rpo rate}. */
@Command(
        name = "rate",
        mixinStandardHelpOptions = true,
        header = "Give completions their rewards.",
        description = {"%nReads rpo.rate.completions; writes OUTPUT/rate/ratings as JSON lines.%n"})
public final class RateCommand implements Callable<Integer> {

    @Mixin
    private JobOptions options;

    @Override
    public Integer call() {
        return new Job("rate", options).make(Job.RATING, Stages::rate);
    }
}
