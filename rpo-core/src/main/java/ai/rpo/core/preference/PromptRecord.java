package ai.rpo.core.preference;

import java.util.List;

/** What a model is given to go on from, as its author wrote it. */
public sealed interface PromptRecord {

    /** The beginning of a text. */
    record TextPrompt(String text) implements PromptRecord {}

    /** A conversation that waits for an answer. */
    record ConversationPrompt(List<Message> messages) implements PromptRecord {}

    /** A prompt that was tokenised elsewhere and is used as it stands. */
    record TokenPrompt(int[] ids) implements PromptRecord {}
}
