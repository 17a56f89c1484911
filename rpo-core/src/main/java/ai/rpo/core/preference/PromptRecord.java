package ai.rpo.core.preference;

import java.util.ArrayList;
import java.util.List;

/** Holds what a model is given to go on from, as its author wrote it. */
public sealed interface PromptRecord {

    /** The prompt of a row that is trained on. */
    static PromptRecord of(PreferenceRecord row) {
        if (row instanceof PreferenceRecord.TextPair pair) {
            return new TextPrompt(pair.prompt());
        }
        if (row instanceof PreferenceRecord.TextExample example) {
            return new TextPrompt(example.prompt());
        }
        if (row instanceof PreferenceRecord.ConversationPair pair) {
            return new ConversationPrompt(pair.prompt(), pair.arguments());
        }
        if (row instanceof PreferenceRecord.ConversationExample example) {
            return new ConversationPrompt(example.prompt(), example.arguments());
        }
        if (row instanceof PreferenceRecord.UnpairedCompletion unpaired) {
            return of(unpaired.example());
        }
        if (row instanceof PreferenceRecord.RatedCompletions rated) {
            return rated.prompt();
        }
        return row instanceof PreferenceRecord.TokenPair pair
                ? new TokenPrompt(pair.prompt())
                : new TokenPrompt(((PreferenceRecord.TokenExample) row).prompt());
    }

    /** The beginning of a text. */
    record TextPrompt(String text) implements PromptRecord {}

    /** A conversation that waits for an answer. */
    record ConversationPrompt(List<Message> messages, TemplateArguments arguments) implements PromptRecord {

        /** Without arguments of the template. */
        public ConversationPrompt(List<Message> messages) {
            this(messages, TemplateArguments.NONE);
        }
    }

    /**
     * Holds what a user says turn by turn in a conversation whose answers are the model's own.
     *
     * @param turns at least one
     */
    record TurnsPrompt(List<String> turns, TemplateArguments arguments) implements PromptRecord {

        public TurnsPrompt {
            turns = List.copyOf(turns);
        }

        /**
         * The conversation that waits for the next answer.
         *
         * @param answers so far, fewer than there are turns
         */
        public ConversationPrompt after(List<String> answers) {
            List<Message> messages = new ArrayList<>();
            for (int turn = 0; turn < answers.size(); turn++) {
                messages.add(Message.of("user", turns.get(turn)));
                messages.add(Message.of("assistant", answers.get(turn)));
            }
            messages.add(Message.of("user", turns.get(answers.size())));
            return new ConversationPrompt(messages, arguments);
        }
    }

    /** A prompt that was tokenised elsewhere and is used as it stands. */
    record TokenPrompt(int[] ids) implements PromptRecord {}
}
