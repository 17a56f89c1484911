package ai.rpo.core.score;

import java.io.Serializable;
import java.util.Arrays;

/**
 * Holds what a model thinks of an example's completions, in nats; or a reward model, in rewards.
 *
 * @param logps one per completion, summed over its tokens; the reward of each
 * @param tokenLogps one per completion token, completion after completion; null where nobody asked for them, and for
 *     rewards
 */
public record ExampleScore(double[] logps, float[] tokenLogps) implements Serializable {

    public boolean isFinite() {
        return Arrays.stream(logps).allMatch(Double::isFinite);
    }

    /** The part of {@link #tokenLogps} that belongs to the tokens {@code from} to {@code to}, or null. */
    public float[] tokens(int from, int to) {
        return tokenLogps == null ? null : Arrays.copyOfRange(tokenLogps, from, to);
    }
}
