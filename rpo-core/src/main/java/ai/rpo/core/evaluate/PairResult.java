package ai.rpo.core.evaluate;

import ai.rpo.core.score.ScoredPair;
import java.io.Serializable;

/**
 * A held-out pair under both models.
 *
 * @param reference the pair with the reference's log-probabilities
 * @param chosenLogps log π(y⁺|x) of the policy
 * @param rejectedLogps log π(y⁻|x) of the policy
 */
public record PairResult(ScoredPair reference, double chosenLogps, double rejectedLogps) implements Serializable {}
