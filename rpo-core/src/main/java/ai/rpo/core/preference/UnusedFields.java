package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Finds fields that say something to the model and would be lost, because the row's format has no place for them. What
 * the row's prompt says again is not lost.
 */
final class UnusedFields {

    /** Whole conversations, which may repeat the completions too. */
    private static final List<String> CONVERSATIONS = List.of("messages", "conversations");

    private static final List<String> PARTS_OF_A_PROMPT =
            List.of("system", "system_prompt", "instruction", "question", "query", "input", "context", "history");

    private static final List<String> NOT_TEXT = List.of("image", "images", "video", "videos", "audio", "audios");

    /** Names what turns say of themselves. */
    private static final Set<String> LABELS = Set.of("role", "from", "type", "name", "id");

    private UnusedFields() {}

    /** All names that are looked for. */
    static List<String> names() {
        List<String> names = new ArrayList<>(CONVERSATIONS);
        names.addAll(PARTS_OF_A_PROMPT);
        names.addAll(NOT_TEXT);
        return names;
    }

    /** Tells whether it is enough to know that a field of this name holds something. */
    static boolean isNotText(String name) {
        return NOT_TEXT.contains(name);
    }

    /**
     * @param read what the row's format made of it
     * @throws UnfitRowException where a field would be lost
     */
    static void requireNone(ObjectNode row, PreferenceRecord read) throws UnfitRowException {
        RecordTexts texts = RecordTexts.of(read);
        if (texts.prompt().isEmpty()) {
            return; // token ids are used as they stand, whatever they were made of
        }
        for (String field : NOT_TEXT) {
            JsonNode value = row.path(field);
            boolean holdsNothing = value.isContainerNode() ? value.isEmpty() : !row.hasNonNull(field);
            if (!holdsNothing && !(value.isBoolean() && !value.booleanValue())) {
                throw lost(field + " cannot be trained on, which only text can");
            }
        }
        for (String text : textsIn(row.path("prompt"))) {
            if (!texts.says(text) && !texts.isSaidBy(text)) {
                throw lost("prompt is not what chosen and rejected begin with");
            }
        }
        for (String field : CONVERSATIONS) {
            for (String text : textsIn(row.path(field))) {
                if (!texts.says(text)) {
                    throw lost(field + " is not part of the prompt");
                }
            }
        }
        for (String field : PARTS_OF_A_PROMPT) {
            for (String text : textsIn(row.path(field))) {
                if (!texts.promptSays(text)) {
                    throw lost(field + " is not part of the prompt");
                }
            }
        }
    }

    private static UnfitRowException lost(String what) {
        return new UnfitRowException(
                Reason.UNUSED_FIELD, what + "; write it into the prompt, or name it in rpo.data.fields.ignored");
    }

    /** The texts in a value, those that label it left out. */
    static List<String> textsIn(JsonNode value) {
        List<String> texts = new ArrayList<>();
        addTexts(value, texts);
        return texts;
    }

    private static void addTexts(JsonNode value, List<String> texts) {
        if (value.isTextual()) {
            if (!value.textValue().isBlank()) {
                texts.add(value.textValue());
            }
        } else if (value.isObject()) {
            value.properties().forEach(entry -> {
                if (!LABELS.contains(entry.getKey())) {
                    addTexts(entry.getValue(), texts);
                }
            });
        } else {
            value.forEach(item -> addTexts(item, texts));
        }
    }
}
