package ai.rpo.core.loss;

import ai.rpo.core.decoder.Example;
import java.io.Serializable;
import java.util.List;

/**
 * Is the one row of data, from preparation to the gradient: a prompt with its completions, and what is known of them. A
 * preference pair has two completions, a supervised row has one.
 *
 * @param ordinal place of the row in its data set, from 0, whatever the sharding; named when something goes wrong
 * @param example token ids; chosen before rejected for a preference pair
 * @param referenceLogps the reference model's log-probability of each completion, summed over its tokens, in nats;
 *     empty for rows that nobody has scored: supervised data, and what trains a reward model
 * @param margin by how much the data say that the chosen completion is better; 0 where they do not say
 * @param regularized whether a supervised term on chosen completions counts this one
 */
public record TrainingExample(
        long ordinal, Example example, double[] referenceLogps, double margin, boolean regularized)
        implements Serializable {

    public TrainingExample(long ordinal, Example example, double... referenceLogps) {
        this(ordinal, example, referenceLogps, 0, true);
    }

    /** Makes a preference pair of token ids, EOS included where a completion has one. */
    public static TrainingExample pair(long ordinal, int[] prompt, int[] chosen, int[] rejected) {
        return new TrainingExample(ordinal, new Example(prompt, List.of(chosen, rejected)));
    }

    /** Makes a supervised row of token ids, EOS included where the completion has one. */
    public static TrainingExample supervised(long ordinal, int[] prompt, int[] completion) {
        return new TrainingExample(ordinal, new Example(prompt, List.of(completion)));
    }

    /** Gives the same row with the reference's log-probability of each completion. */
    public TrainingExample withReference(double... logps) {
        return new TrainingExample(ordinal, example, logps, margin, regularized);
    }

    /** Gives the same pair with the margin that the data say it has. */
    public TrainingExample withMargin(double other) {
        return new TrainingExample(ordinal, example, referenceLogps, other, regularized);
    }

    /** Gives the same pair, whose chosen completion is not one of those that the policy is held to. */
    public TrainingExample withoutRegularizer() {
        return new TrainingExample(ordinal, example, referenceLogps, margin, false);
    }

    public int[] prompt() {
        return example.prompt();
    }

    /** Gives the chosen completion of a pair, or the only one of a supervised row. */
    public int[] chosen() {
        return example.completions().get(0);
    }

    public int[] rejected() {
        return example.completions().get(1);
    }

    /** Counts the tokens of each completion. */
    int[] completionTokens() {
        return example.completions().stream().mapToInt(ids -> ids.length).toArray();
    }
}
