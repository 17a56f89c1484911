package ai.rpo.spark.reference;

import ai.rpo.core.tensor.Precision;
import java.io.Serializable;

/**
 * Says how log-probabilities are computed over a cluster.
 *
 * @param precision to what matrix products may round their inputs
 * @param tokensPerBatch packed token rows computed at once by a task
 */
public record ScoreSettings(Precision precision, int tokensPerBatch) implements Serializable {

    /** The default of {@code rpo.reference.tokens-per-batch}. */
    public static final int USUAL_TOKENS_PER_BATCH = 8192;

    public ScoreSettings {
        if (tokensPerBatch < 1) {
            throw new IllegalArgumentException("tokens-per-batch must be at least 1, but is " + tokensPerBatch);
        }
    }
}
