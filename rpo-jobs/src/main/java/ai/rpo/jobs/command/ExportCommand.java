package ai.rpo.jobs.command;

import ai.rpo.jobs.pipeline.Stages;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "export",
        mixinStandardHelpOptions = true,
        header = "Write the trained model in another form or number type.",
        description = {
            "%nWrites OUTPUT/export/FORM-DTYPE/model as rpo.export.form and rpo.export.dtype say, and leaves OUTPUT/model as it is.%n"
        })
public final class ExportCommand implements Callable<Integer> {

    @Mixin
    private JobOptions options;

    @Override
    public Integer call() {
        return new Job("export", options).make(Job.PREFERENCE, Stages::export);
    }
}
