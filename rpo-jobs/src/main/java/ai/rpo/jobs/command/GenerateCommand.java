package ai.rpo.jobs.command;

import ai.rpo.jobs.pipeline.Stages;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ./rpo generate}. */
@Command(
        name = "generate",
        mixinStandardHelpOptions = true,
        header = "Continue prompts with a model.",
        description = {"%nReads rpo.generate.prompts; writes OUTPUT/generate/completions as JSON lines or Parquet.%n"})
public final class GenerateCommand implements Callable<Integer> {

    @Mixin
    private JobOptions options;

    @Override
    public Integer call() {
        return new Job("generate", options).make(Job.GENERATION, Stages::generate);
    }
}
