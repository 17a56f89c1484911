package ai.rpo.core.text;

import java.util.Objects;

/**
 * A prompt and its completion as the model sees them, for supervised fine-tuning and plain scoring.
 *
 * @param ordinal place of the row in its data set, from 0, whatever the sharding
 * @param prompt token ids, never empty
 * @param completion token ids, EOS included where it has one; never empty
 */
public record TokenizedExample(long ordinal, int[] prompt, int[] completion) {

    public TokenizedExample {
        Objects.requireNonNull(prompt, "prompt");
        Objects.requireNonNull(completion, "completion");
    }
}
