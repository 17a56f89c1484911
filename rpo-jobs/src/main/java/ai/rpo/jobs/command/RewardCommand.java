package ai.rpo.jobs.command;

import ai.rpo.jobs.pipeline.Stages;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ./rpo reward}. */
@Command(
        name = "reward",
        mixinStandardHelpOptions = true,
        header = "Train reward models on preference pairs.",
        description = {"%nReads rpo.data.train; writes OUTPUT/reward/member-0, … in Hugging Face layout.%n"})
public final class RewardCommand implements Callable<Integer> {

    @Mixin
    private JobOptions options;

    @Override
    public Integer call() {
        return new Job("reward", options).make(Job.PREFERENCE, Stages::reward);
    }
}
