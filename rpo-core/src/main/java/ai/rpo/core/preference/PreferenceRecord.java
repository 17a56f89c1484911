package ai.rpo.core.preference;

import java.util.List;
import java.util.Optional;

/** One row of training data as its author wrote it, before tokenisation. */
public sealed interface PreferenceRecord {

    /** Two completions of one prompt, as text, and which of them is preferred. */
    record TextPair(String prompt, String chosen, String rejected) implements PreferenceRecord {}

    /** A prompt and what to answer, as text; for supervised fine-tuning and plain scoring. */
    record TextExample(String prompt, String completion) implements PreferenceRecord {}

    /** Two ways to go on with a conversation, and which of them is preferred. */
    record ConversationPair(List<Message> prompt, List<Message> chosen, List<Message> rejected)
            implements PreferenceRecord {}

    /** A conversation and how to go on with it. */
    record ConversationExample(List<Message> prompt, List<Message> completion) implements PreferenceRecord {}

    /**
     * A pair that was tokenised elsewhere and is used as it stands.
     *
     * @param reference log-probabilities of both completions, where the row brings them
     */
    record TokenPair(int[] prompt, int[] chosen, int[] rejected, Optional<ReferenceLogps> reference)
            implements PreferenceRecord {}

    /** A supervised row that was tokenised elsewhere and is used as it stands. */
    record TokenExample(int[] prompt, int[] completion) implements PreferenceRecord {}

    /** A reference model's log-probabilities, summed over each completion's tokens, in nats. */
    record ReferenceLogps(double chosen, double rejected) {}
}
