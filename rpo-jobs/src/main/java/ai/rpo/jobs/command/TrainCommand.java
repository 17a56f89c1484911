package ai.rpo.jobs.command;

import ai.rpo.jobs.pipeline.Stages;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        header = "Train the policy on scored pairs.",
        description = {
            "%nWrites OUTPUT/model, a Hugging Face folder; OUTPUT/train/metrics.jsonl, a line a step; and a checkpoint an epoch.%n"
        })
public final class TrainCommand implements Callable<Integer> {

    @Mixin
    private JobOptions options;

    @Override
    public Integer call() {
        return new Job("train", options).make(Job.PREFERENCE, Stages::train);
    }
}
