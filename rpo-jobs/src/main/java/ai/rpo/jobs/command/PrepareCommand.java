package ai.rpo.jobs.command;

import ai.rpo.jobs.pipeline.Stages;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "prepare",
        mixinStandardHelpOptions = true,
        header = "Tokenise and check preference pairs.",
        description = {
            "%nReads rpo.data.train and rpo.data.eval; writes OUTPUT/data as Parquet, and rows that are left out to OUTPUT/rejected.%n"
        })
public final class PrepareCommand implements Callable<Integer> {

    @Mixin
    private JobOptions options;

    @Override
    public Integer call() {
        return new Job("prepare", options).make(Job.PREFERENCE, Stages::prepare);
    }
}
