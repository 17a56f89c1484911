package ai.rpo.jobs.command;

import ai.rpo.jobs.pipeline.Stages;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ./rpo gauge}. */
@Command(
        name = "gauge",
        mixinStandardHelpOptions = true,
        header = "Measure checkpoints by their own completions: distance from the reference, proxy and gold reward.",
        description = {"%nReads rpo.gauge.prompts; writes OUTPUT/gauge/points.jsonl.%n"})
public final class GaugeCommand implements Callable<Integer> {

    @Mixin
    private JobOptions options;

    @Override
    public Integer call() {
        return new Job("gauge", options).make(Job.GAUGING, Stages::gauge);
    }
}
