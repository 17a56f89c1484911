package ai.rpo.jobs.command;

import ai.rpo.jobs.pipeline.Stages;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "score",
        mixinStandardHelpOptions = true,
        header = "Compute the reference model's log-probabilities.",
        description = {
            "%nWrites OUTPUT/reference as Parquet: the prepared rows with ref_chosen_logps and ref_rejected_logps.",
            "With rpo.sft.data and no rpo.data.train: OUTPUT/sft/reference, prompt/completion rows with logp.",
            "Rows that were scored before under the same model are not computed again.%n"
        })
public final class ScoreCommand implements Callable<Integer> {

    @Mixin
    private JobOptions options;

    @Override
    public Integer call() {
        return new Job("score", options).makeOfGivenRows(Stages::score);
    }
}
