package ai.rpo.core.decoder;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;

/**
 * One prompt and the completions that are scored after it: two for a preference pair, one for supervised data.
 *
 * @param prompt token ids, never empty: its last row predicts the first token of each completion
 * @param completions token ids of each, never empty
 */
public record Example(int[] prompt, List<int[]> completions) implements Serializable {

    public Example {
        completions = List.copyOf(completions);
        if (prompt.length == 0) {
            throw new IllegalArgumentException("A prompt needs at least one token.");
        }
        if (completions.isEmpty() || completions.stream().anyMatch(c -> c.length == 0)) {
            throw new IllegalArgumentException("An example needs a completion, and a completion a token.");
        }
    }

    /** Rows that the example takes in a {@link PackedBatch}: a completion's last token predicts nothing and is left out. */
    public int packedRows() {
        return prompt.length + completions.stream().mapToInt(c -> c.length - 1).sum();
    }

    /** Tells whether both begin with the same prompt. */
    public boolean sharesPromptWith(Example other) {
        return Arrays.equals(prompt, other.prompt);
    }

    /** Tokens of the prompt and its longest completion. */
    int longestSequence() {
        return prompt.length
                + completions.stream().mapToInt(c -> c.length).max().orElseThrow();
    }
}
