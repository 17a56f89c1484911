package ai.rpo.core.score;

import java.io.Serializable;
import java.util.Arrays;

/**
 * What a model thinks of an example's completions, in nats.
 *
 * @param logps one per completion, summed over its tokens
 * @param tokenLogps one per completion token, completion after completion; null where nobody asked for them
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
