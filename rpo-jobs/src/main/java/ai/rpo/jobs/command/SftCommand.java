package ai.rpo.jobs.command;

import ai.rpo.jobs.pipeline.Stages;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "sft",
        mixinStandardHelpOptions = true,
        header = "Fine-tune a model on prompt/completion rows.",
        description = {"%nReads rpo.sft.data; writes OUTPUT/model, which preference training can start from.%n"})
public final class SftCommand implements Callable<Integer> {

    @Mixin
    private JobOptions options;

    @Override
    public Integer call() {
        return new Job("sft", options).make(Job.SUPERVISED, Stages::sft);
    }
}
