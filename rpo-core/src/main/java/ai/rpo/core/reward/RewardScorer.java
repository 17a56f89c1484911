package ai.rpo.core.reward;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.model.RewardHead;
import ai.rpo.core.tensor.Workspace;
import java.util.Arrays;
import java.util.List;

/**
 * Gives completions the rewards of a reward model under fixed weights.
 *
 * <p>Weights may be shared between scorers; a scorer itself serves one thread.
 */
public final class RewardScorer implements AutoCloseable {

    private final Decoder decoder;
    private final Parameters weights;
    private final RewardHead head;
    private final Workspace workspace;

    /** @throws IllegalArgumentException unless the decoder is a reward model's */
    public RewardScorer(Decoder decoder, Parameters weights) {
        this.decoder = decoder;
        this.weights = weights;
        head = decoder.config()
                .reward()
                .orElseThrow(() -> new IllegalArgumentException("A language model gives no rewards."));
        workspace = new Workspace(decoder.backend());
    }

    /** Gives the scratch memory back, not the weights. */
    @Override
    public void close() {
        workspace.close();
    }

    /**
     * Returns one reward per completion, example after example, normalised where the model's file says with what; that of a
     * completion does not depend on its neighbours.
     */
    public double[] rewards(List<Example> examples) {
        return Arrays.stream(decoder.tokenLogps(weights, decoder.pack(examples), workspace))
                .map(head::reward)
                .toArray();
    }
}
