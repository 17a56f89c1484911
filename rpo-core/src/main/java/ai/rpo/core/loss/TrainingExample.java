package ai.rpo.core.loss;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.score.ScoredPair;
import ai.rpo.core.text.TokenizedExample;
import java.io.Serializable;
import java.util.List;

/**
 * A row of an optimizer batch.
 *
 * @param ordinal place of the row in its data set, named when something goes wrong
 * @param example chosen before rejected for a preference pair
 * @param referenceLogps the reference model's log-probability of each completion; empty for supervised data
 */
public record TrainingExample(long ordinal, Example example, double[] referenceLogps) implements Serializable {

    public static TrainingExample of(ScoredPair scored) {
        var pair = scored.pair();
        return new TrainingExample(
                pair.ordinal(),
                new Example(pair.prompt(), List.of(pair.chosen(), pair.rejected())),
                new double[] {scored.referenceChosen(), scored.referenceRejected()});
    }

    public static TrainingExample of(TokenizedExample row) {
        return new TrainingExample(row.ordinal(), new Example(row.prompt(), List.of(row.completion())), new double[0]);
    }

    /** Tokens of each completion. */
    int[] completionTokens() {
        return example.completions().stream().mapToInt(ids -> ids.length).toArray();
    }
}
