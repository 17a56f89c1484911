package ai.rpo.core.evaluate;

import ai.rpo.core.objective.ExampleLogps;
import ai.rpo.core.score.ScoredPair;
import java.io.Serializable;

/**
 * A held-out pair under both models, without its tokens: a driver collects these of all pairs.
 *
 * @param ordinal the pair's place in the data set
 * @param chosenTokens of the chosen completion
 * @param rejectedTokens of the rejected completion
 * @param referenceChosen log π(y⁺|x) of the reference
 * @param referenceRejected log π(y⁻|x) of the reference
 * @param chosenLogps log π(y⁺|x) of the policy
 * @param rejectedLogps log π(y⁻|x) of the policy
 */
public record PairResult(
        long ordinal,
        int chosenTokens,
        int rejectedTokens,
        double referenceChosen,
        double referenceRejected,
        double chosenLogps,
        double rejectedLogps)
        implements Serializable {

    /** @param reference the pair with the reference's log-probabilities */
    public PairResult(ScoredPair reference, double chosenLogps, double rejectedLogps) {
        this(
                reference.pair().ordinal(),
                reference.pair().chosen().length,
                reference.pair().rejected().length,
                reference.referenceChosen(),
                reference.referenceRejected(),
                chosenLogps,
                rejectedLogps);
    }

    ExampleLogps logps() {
        return ExampleLogps.pair(
                chosenLogps, rejectedLogps, referenceChosen, referenceRejected, chosenTokens, rejectedTokens);
    }
}
