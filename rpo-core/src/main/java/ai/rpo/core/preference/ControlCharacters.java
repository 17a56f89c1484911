package ai.rpo.core.preference;

import ai.rpo.core.preference.PreferenceRecord.ConversationExample;
import ai.rpo.core.preference.PreferenceRecord.ConversationPair;
import ai.rpo.core.preference.PreferenceRecord.TextExample;
import ai.rpo.core.preference.PreferenceRecord.TextPair;
import ai.rpo.core.preference.PreferenceRecord.UnpairedCompletion;
import java.util.List;
import java.util.stream.Stream;

/**
 * Finds characters that are seen by no reader and are often left by broken exports, such as NUL, escape sequences of a
 * terminal, or U+0085 where a Windows code page had an ellipsis.
 */
public final class ControlCharacters {

    private ControlCharacters() {}

    /** Tells whether a row's text has one; tabs and line ends do not count. */
    public static boolean areIn(PreferenceRecord row) {
        if (row instanceof TextPair text) {
            return areIn(text.prompt()) || areIn(text.chosen()) || areIn(text.rejected());
        }
        if (row instanceof TextExample text) {
            return areIn(text.prompt()) || areIn(text.completion());
        }
        if (row instanceof ConversationPair pair) {
            return areIn(pair.prompt(), pair.chosen(), pair.rejected());
        }
        if (row instanceof UnpairedCompletion unpaired) {
            return areIn(unpaired.example());
        }
        return row instanceof ConversationExample example && areIn(example.prompt(), example.completion());
    }

    @SafeVarargs
    private static boolean areIn(List<Message>... conversations) {
        return Stream.of(conversations)
                .flatMap(List::stream)
                .anyMatch(message -> message.fields().get("content") instanceof String content && areIn(content));
    }

    private static boolean areIn(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isISOControl(c) && c != '\t' && c != '\n' && c != '\r') {
                return true;
            }
        }
        return false;
    }
}
