package ai.rpo.core.preference;

import ai.rpo.core.preference.PreferenceRecord.ConversationExample;
import ai.rpo.core.preference.PreferenceRecord.ConversationPair;
import ai.rpo.core.preference.PreferenceRecord.RatedCompletions;
import ai.rpo.core.preference.PreferenceRecord.TextExample;
import ai.rpo.core.preference.PreferenceRecord.TextPair;
import ai.rpo.core.preference.PreferenceRecord.UnpairedCompletion;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Gathers what a record says, text by text. Texts that differ in white space alone say the same.
 *
 * @param prompt none where the record is made of token ids
 * @param completions none for rated ones
 */
record RecordTexts(List<String> prompt, List<String> completions) {

    static RecordTexts of(PreferenceRecord row) {
        RecordTexts texts = new RecordTexts(new ArrayList<>(), new ArrayList<>());
        if (row instanceof TextPair pair) {
            add(pair.prompt(), texts.prompt);
            add(List.of(pair.chosen(), pair.rejected()), texts.completions);
        } else if (row instanceof TextExample example) {
            add(example.prompt(), texts.prompt);
            add(example.completion(), texts.completions);
        } else if (row instanceof ConversationPair pair) {
            add(pair.prompt(), texts.prompt);
            add(List.of(pair.chosen(), pair.rejected()), texts.completions);
        } else if (row instanceof ConversationExample example) {
            add(example.prompt(), texts.prompt);
            add(example.completion(), texts.completions);
        } else if (row instanceof UnpairedCompletion unpaired) {
            return of(unpaired.example());
        } else if (row instanceof RatedCompletions rated) {
            if (rated.prompt() instanceof PromptRecord.ConversationPrompt conversation) {
                add(conversation.messages(), texts.prompt);
            } else if (rated.prompt() instanceof PromptRecord.TextPrompt text) {
                add(text.text(), texts.prompt);
            }
        }
        return texts;
    }

    boolean promptSays(String text) {
        return says(prompt, text);
    }

    boolean says(String text) {
        return promptSays(text) || says(completions, text);
    }

    /** Tells whether a text has the last turn of the prompt in it. */
    boolean isSaidBy(String text) {
        return !prompt.isEmpty() && plain(text).contains(plain(prompt.get(prompt.size() - 1)));
    }

    private static boolean says(List<String> texts, String text) {
        if (texts.stream().anyMatch(said -> said.contains(text))) {
            return true; // nearly always, and much cheaper to see
        }
        String wanted = plain(text);
        return texts.stream().anyMatch(said -> plain(said).contains(wanted));
    }

    private static void add(Object value, List<String> texts) {
        if (value instanceof String text) {
            texts.add(text);
        } else if (value instanceof Message message) {
            add(message.fields(), texts);
        } else if (value instanceof Map<?, ?> map) {
            add(map.values(), texts);
        } else if (value instanceof Collection<?> list) {
            list.forEach(item -> add(item, texts));
        }
    }

    private static String plain(String text) {
        return text.strip().replaceAll("\\s+", " ");
    }
}
