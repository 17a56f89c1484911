package ai.rpo.core.score;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;

/**
 * Holds what a model thinks of an example's completions, in nats; or a reward model, in rewards.
 *
 * @param logps one per completion, summed over its tokens; the reward of each
 * @param tokenLogps one per completion token, completion after completion; null where nobody asked for them, and for
 *     rewards
 */
public record ExampleScore(double[] logps, float[] tokenLogps) implements Serializable {

    /** Puts scores of an example's completions, each scored alone, together. */
    public static ExampleScore ofCompletions(List<ExampleScore> completions) {
        double[] logps = completions.stream()
                .flatMapToDouble(score -> Arrays.stream(score.logps))
                .toArray();
        if (completions.stream().anyMatch(score -> score.tokenLogps == null)) {
            return new ExampleScore(logps, null);
        }
        float[] tokens = new float
                [completions.stream().mapToInt(score -> score.tokenLogps.length).sum()];
        int next = 0;
        for (ExampleScore score : completions) {
            System.arraycopy(score.tokenLogps, 0, tokens, next, score.tokenLogps.length);
            next += score.tokenLogps.length;
        }
        return new ExampleScore(logps, tokens);
    }

    public boolean isFinite() {
        return Arrays.stream(logps).allMatch(Double::isFinite);
    }

    /** The part of {@link #tokenLogps} that belongs to the tokens {@code from} to {@code to}, or null. */
    public float[] tokens(int from, int to) {
        return tokenLogps == null ? null : Arrays.copyOfRange(tokenLogps, from, to);
    }
}
