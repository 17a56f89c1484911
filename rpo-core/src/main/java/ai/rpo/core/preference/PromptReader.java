package ai.rpo.core.preference;

import ai.rpo.core.preference.PromptRecord.ConversationPrompt;
import ai.rpo.core.preference.PromptRecord.TextPrompt;
import ai.rpo.core.preference.PromptRecord.TokenPrompt;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;

/**
 * Reads the prompt of a row, which is that of the pair or example that training makes of the row, whatever its format.
 * Rows may also be prompts alone: {@code prompt_ids}; {@code prompt}, which is text or a list of messages; or
 * {@code messages} that end before the answer. Safe for use by several threads.
 */
public final class PromptReader {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> ANSWERS = List.of("chosen", "rejected", "completion");

    private final RowReader rows;

    /** @param rows as training reads them */
    public PromptReader(RowReader rows) {
        this.rows = rows;
    }

    /**
     * A prompt as it is meant, and as JSON: text, messages or token ids.
     *
     * @param given the latter
     */
    public record Row(PromptRecord prompt, JsonNode given) {}

    /**
     * @param json an object in UTF-8
     * @throws UnfitRowException where the bytes are no such row
     */
    public Row read(byte[] json) throws UnfitRowException {
        ObjectNode row = rows.object(json);
        if (isPromptAlone(row)) {
            return alone(row);
        }
        Optional<RowFormat> format = rows.format(row);
        return format.isPresent() ? row(PromptRecord.of(RowReader.read(row, format.get()))) : alone(row);
    }

    private static boolean isPromptAlone(ObjectNode row) {
        if (row.hasNonNull("prompt_ids")) {
            return true;
        }
        JsonNode messages = row.path("messages");
        boolean unanswered = messages.isArray()
                && !messages.isEmpty()
                && !messages.get(messages.size() - 1).path("role").asText().equals("assistant");
        return unanswered && !row.hasNonNull("prompt") && ANSWERS.stream().noneMatch(row::hasNonNull);
    }

    private Row alone(ObjectNode row) throws UnfitRowException {
        if (row.hasNonNull("prompt_ids")) {
            return row(new TokenPrompt(Fields.tokenIds(row, "prompt_ids")));
        }
        if (row.hasNonNull("messages") && !row.hasNonNull("prompt")) {
            return conversation(row, Messages.list(row, "messages"));
        }
        boolean answered = ANSWERS.stream().anyMatch(row::hasNonNull);
        boolean inConversations =
                ANSWERS.stream().anyMatch(field -> row.path(field).isContainerNode());
        boolean text = !row.path("prompt").isArray();
        if (answered && !row.hasNonNull("prompt") || text && inConversations) {
            throw rows.unrecognised(row); // of such a prompt training would not make what stands there
        }
        if (!text) {
            return conversation(row, Messages.list(row, "prompt"));
        }
        return row(PromptRecord.of(
                RowReader.whole(row, new PreferenceRecord.TextExample(Fields.text(row, "prompt"), ""))));
    }

    private static Row conversation(ObjectNode row, List<Message> messages) throws UnfitRowException {
        return row(
                PromptRecord.of(RowReader.whole(row, new PreferenceRecord.ConversationExample(messages, List.of()))));
    }

    private static Row row(PromptRecord prompt) {
        Object given = prompt instanceof TextPrompt text
                ? text.text()
                : prompt instanceof ConversationPrompt conversation
                        ? conversation.messages().stream().map(Message::fields).toList()
                        : ((TokenPrompt) prompt).ids();
        return new Row(prompt, JSON.valueToTree(given));
    }
}
