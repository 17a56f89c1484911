package ai.rpo.jobs.command;

import ai.rpo.jobs.config.ResolvedConfiguration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ./rpo online}. */
@Command(
        name = "online",
        mixinStandardHelpOptions = true,
        header = "Rounds: answer prompts, rate the answers, pair them, learn from the pairs.",
        description = {
            "%nWrites OUTPUT/online/round-NN, each a run like any other, OUTPUT/online/rounds.jsonl and OUTPUT/online/index.html.%n"
        })
public final class OnlineCommand implements Callable<Integer> {

    @Mixin
    private JobOptions options;

    @Override
    public Integer call() {
        return new Job("online", options)
                .run(
                        () -> ResolvedConfiguration.load(options.sources(), Job.ONLINE),
                        running -> new OnlineRounds(options.sources(), running, true).run());
    }
}
