package ai.rpo.jobs.command;

import ai.rpo.jobs.config.ConfigurationSources;
import ai.rpo.jobs.config.ResolvedConfiguration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "sweep",
        mixinStandardHelpOptions = true,
        header = "Make a run for each value of some keys, and draw them on one page.",
        description = {
            "%nThe runs lie in OUTPUT/sweep, share their reference scores, and are compared in OUTPUT/compare/index.html. The same"
                    + " command goes on where it was.%n"
        })
public final class SweepCommand implements Callable<Integer> {

    @Mixin
    private JobOptions options;

    @Option(
            names = "--over",
            required = true,
            paramLabel = "KEY=[VALUE,…]",
            description =
                    "A key and its values, such as --over 'rpo.objective.eta=[0, 0.005]'; with several, every combination.")
    private List<String> over;

    @Override
    public Integer call() {
        ConfigurationSources sources = options.sources();
        return new Job("sweep", options)
                .run(
                        () -> {
                            Sweep.parse(over);
                            return ResolvedConfiguration.load(sources, Job.PREFERENCE);
                        },
                        running -> new Sweep(sources, running, Sweep.parse(over)).run());
    }
}
