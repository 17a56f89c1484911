package ai.rpo.core.text;

import java.io.Serializable;
import java.util.Objects;

/**
 * A preference pair as the model sees it.
 *
 * @param ordinal place of the row in its data set, from 0, whatever the sharding
 * @param prompt token ids, never empty
 * @param chosen token ids of the preferred completion, EOS included where it has one; never empty
 * @param rejected token ids of the other completion; never empty
 */
public record TokenizedPair(long ordinal, int[] prompt, int[] chosen, int[] rejected) implements Serializable {

    public TokenizedPair {
        Objects.requireNonNull(prompt, "prompt");
        Objects.requireNonNull(chosen, "chosen");
        Objects.requireNonNull(rejected, "rejected");
    }

    /** Tokens of the longer of the two sequences. */
    public int longestSequence() {
        return prompt.length + Math.max(chosen.length, rejected.length);
    }
}
