package ai.rpo.jobs.command;

import ai.rpo.jobs.pipeline.Stages;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ./rpo judge}. */
@Command(
        name = "judge",
        mixinStandardHelpOptions = true,
        header = "Find out whose answers are better.",
        description = {
            "%nCompares rpo.judge.candidates by a judge, or counts judgments made elsewhere (rpo.judge.annotations).%n"
                    + "Writes OUTPUT/judge/results.json, judgments and index.html.%n"
        })
public final class JudgeCommand implements Callable<Integer> {

    @Mixin
    private JobOptions options;

    @Override
    public Integer call() {
        return new Job("judge", options).make(Job.JUDGING, Stages::judge);
    }
}
