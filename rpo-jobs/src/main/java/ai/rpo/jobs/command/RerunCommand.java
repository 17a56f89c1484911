package ai.rpo.jobs.command;

import ai.rpo.jobs.config.ResolvedConfiguration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ./rpo rerun VERSION}. */
@Command(
        name = "rerun",
        mixinStandardHelpOptions = true,
        header = "Train a registered version once more, and compare the weights.",
        description = {
            "%nWorks in OUTPUT/reruns/VERSION with the settings and the data that the version was made with.%n"
        })
public final class RerunCommand implements Callable<Integer> {

    @Mixin
    private JobOptions options;

    @Parameters(paramLabel = "VERSION", description = "Its number in rpo.registry.")
    private int number;

    @Override
    public Integer call() {
        return new Job("rerun", options)
                .run(
                        () -> ResolvedConfiguration.load(options.sources(), List.of("rpo.output", "rpo.registry")),
                        running -> new Rerun(running, number).run());
    }
}
