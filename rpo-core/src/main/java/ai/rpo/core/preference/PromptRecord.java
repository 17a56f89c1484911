package ai.rpo.core.preference;

import java.util.List;

/** What a model is given to go on from, as its author wrote it. */
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

    /** A prompt that was tokenised elsewhere and is used as it stands. */
    record TokenPrompt(int[] ids) implements PromptRecord {}
}
