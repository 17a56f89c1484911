package ai.rpo.jobs.command;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "validate",
        mixinStandardHelpOptions = true,
        header = "Check the settings, the model and the inputs, and do no work.",
        description = {"%nPrints what the run would do, and what it would use again. Writes nothing.%n"})
public final class ValidateCommand implements Callable<Integer> {

    @Mixin
    private JobOptions options;

    @Override
    public Integer call() {
        return new Validation(options).run();
    }
}
