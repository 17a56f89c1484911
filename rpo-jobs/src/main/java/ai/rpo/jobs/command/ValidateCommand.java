package ai.rpo.jobs.command;

import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "validate",
        mixinStandardHelpOptions = true,
        header = "Check the settings, the model and the inputs, and do no work.",
        description = {"%nPrints what the run would do, and what it would use again. Writes nothing.%n"})
public final class ValidateCommand implements Callable<Integer> {

    @Mixin
    private JobOptions options;

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "COMMAND",
            description =
                    "Whose work is looked at: run, sft, reward, rate, gauge or online. If left out: run, or sft where the"
                            + " settings name no pairs but supervised rows.")
    private String command;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            description = "Memory of an executor beside its heap, such as 24g. If left out: this machine's, or what the"
                    + " cluster's settings say.")
    private String memory;

    @Option(
            names = "--device-memory",
            paramLabel = "SIZE",
            description =
                    "Memory of the GPU that a task is to compute on, such as 80g: says what it needs there, and what"
                            + " would fit if this does not.")
    private String deviceMemory;

    @Override
    public Integer call() {
        return new Validation(
                        options,
                        Optional.ofNullable(command),
                        Optional.ofNullable(memory),
                        Optional.ofNullable(deviceMemory))
                .run();
    }
}
