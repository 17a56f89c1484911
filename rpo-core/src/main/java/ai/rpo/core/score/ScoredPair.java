package ai.rpo.core.score;

import ai.rpo.core.text.TokenizedPair;
import java.io.Serializable;

/**
 * A pair with the reference model's log-probabilities, summed over each completion's tokens, in nats.
 */
public record ScoredPair(TokenizedPair pair, double referenceChosen, double referenceRejected)
        implements Serializable {}
