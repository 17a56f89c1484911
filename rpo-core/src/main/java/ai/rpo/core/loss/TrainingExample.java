package ai.rpo.core.loss;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.score.ScoredPair;
import ai.rpo.core.text.TokenizedExample;
import ai.rpo.core.text.TokenizedPair;
import java.io.Serializable;
import java.util.List;

/**
 * A row of an optimizer batch.
 *
 * @param ordinal place of the row in its data set, named when something goes wrong
 * @param example chosen before rejected for a preference pair
 * @param referenceLogps the reference model's log-probability of each completion; empty for supervised data
 *     and for what trains a reward model
 * @param margin by how much the data say that the chosen completion is better; 0 where they do not say
 * @param regularized whether a supervised term on chosen completions counts this one
 */
public record TrainingExample(
        long ordinal, Example example, double[] referenceLogps, double margin, boolean regularized)
        implements Serializable {

    public TrainingExample(long ordinal, Example example, double[] referenceLogps) {
        this(ordinal, example, referenceLogps, 0, true);
    }

    /** Gives the same pair, whose chosen completion is not one of those that the policy is held to. */
    public TrainingExample withoutRegularizer() {
        return new TrainingExample(ordinal, example, referenceLogps, margin, false);
    }

    public static TrainingExample of(ScoredPair scored) {
        var pair = scored.pair();
        return new TrainingExample(
                pair.ordinal(),
                new Example(pair.prompt(), List.of(pair.chosen(), pair.rejected())),
                new double[] {scored.referenceChosen(), scored.referenceRejected()});
    }

    /** A pair for a reward model, which needs no reference. */
    public static TrainingExample of(TokenizedPair pair, double margin) {
        Example example = new Example(pair.prompt(), List.of(pair.chosen(), pair.rejected()));
        return new TrainingExample(pair.ordinal(), example, new double[0], margin, true);
    }

    public static TrainingExample of(TokenizedExample row) {
        return new TrainingExample(row.ordinal(), new Example(row.prompt(), List.of(row.completion())), new double[0]);
    }

    /** Tokens of each completion. */
    int[] completionTokens() {
        return example.completions().stream().mapToInt(ids -> ids.length).toArray();
    }
}
