package ai.rpo.core.objective;

/**
 * Holds what the means of a loss divide by: the whole optimizer batch, not the micro-batch being computed.
 *
 * @param pairs preference pairs, or rows of supervised data
 * @param chosenTokens completion tokens of the chosen (or only) side, EOS included
 */
public record BatchSize(int pairs, long chosenTokens) {

    public BatchSize {
        if (pairs < 1 || chosenTokens < pairs) {
            throw new IllegalArgumentException(
                    "A batch needs a pair, and each pair a token: " + pairs + " pairs, " + chosenTokens + " tokens.");
        }
    }
}
