package ai.rpo.jobs.command;

import ai.rpo.jobs.config.ResolvedConfiguration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ./rpo retrain}, which a scheduler calls every night. */
@Command(
        name = "retrain",
        mixinStandardHelpOptions = true,
        header = "A night: learn what is new, pass the gates, go into production.",
        description = {
            "%nTrains the registry's model in production on files of rpo.data.train that it does not know,"
                    + " and promotes the result if it passes rpo.gates.%n"
        })
public final class RetrainCommand implements Callable<Integer> {

    @Mixin
    private JobOptions options;

    @Override
    public Integer call() {
        return new Job("retrain", options)
                .run(
                        () -> ResolvedConfiguration.load(options.sources(), Job.RETRAINING),
                        running -> new Retraining(options.sources(), running).run());
    }
}
