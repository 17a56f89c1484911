package ai.rpo.core.preference;

import ai.rpo.core.preference.PromptRecord.ConversationPrompt;
import ai.rpo.core.preference.PromptRecord.TextPrompt;
import ai.rpo.core.preference.PromptRecord.TokenPrompt;
import ai.rpo.core.preference.PromptRecord.TurnsPrompt;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;

/**
 * Reads the prompt of a row, which is that of the pair or example that training makes of the row, whatever its format.
 * Rows may also be prompts alone: {@code prompt_ids}; {@code prompt}, which is text or a list of messages; or
 * {@code messages} that end before the answer; {@code turns}, what a user says turn by turn, as MT-Bench has its questions; or
 * an {@code instruction} of a user, as AlpacaEval has it. Safe for use by several threads.
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
     * A prompt as it is meant, and as JSON: text, messages, turns or token ids.
     *
     * @param given the latter
     * @param id {@code question_id} of the row; missing where it has none
     * @param category of the row, such as {@code math}; empty where it has none
     */
    public record Row(PromptRecord prompt, JsonNode given, JsonNode id, String category) {}

    /**
     * @param json an object in UTF-8
     * @throws UnfitRowException where the bytes are no such row
     */
    public Row read(byte[] json) throws UnfitRowException {
        ObjectNode row = rows.object(json);
        PromptRecord prompt = prompt(row);
        return new Row(
                prompt,
                given(prompt),
                row.path("question_id"),
                row.path("category").asText(""));
    }

    private PromptRecord prompt(ObjectNode row) throws UnfitRowException {
        if (isPromptAlone(row)) {
            return alone(row);
        }
        Optional<RowFormat> format = rows.format(row);
        return format.isPresent() ? PromptRecord.of(RowReader.read(row, format.get())) : alone(row);
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

    private PromptRecord alone(ObjectNode row) throws UnfitRowException {
        if (row.hasNonNull("prompt_ids")) {
            return new TokenPrompt(Fields.tokenIds(row, "prompt_ids"));
        }
        if (row.hasNonNull("messages") && !row.hasNonNull("prompt")) {
            return conversation(row, Messages.list(row, "messages"));
        }
        boolean answered = ANSWERS.stream().anyMatch(row::hasNonNull);
        boolean inConversations =
                ANSWERS.stream().anyMatch(field -> row.path(field).isContainerNode());
        boolean text = !row.path("prompt").isArray();
        if (!answered && !row.has("prompt")) {
            if (row.hasNonNull("turns")) {
                return turns(row);
            }
            if (row.hasNonNull("instruction")) {
                return conversation(row, List.of(Message.of("user", Fields.text(row, "instruction"))));
            }
        }
        if (answered && !row.hasNonNull("prompt") || text && inConversations) {
            throw rows.unrecognised(row); // of such a prompt training would not make what stands there
        }
        if (!text) {
            return conversation(row, Messages.list(row, "prompt"));
        }
        return PromptRecord.of(RowReader.whole(row, new PreferenceRecord.TextExample(Fields.text(row, "prompt"), "")));
    }

    private static PromptRecord conversation(ObjectNode row, List<Message> messages) throws UnfitRowException {
        return PromptRecord.of(RowReader.whole(row, new PreferenceRecord.ConversationExample(messages, List.of())));
    }

    private static PromptRecord turns(ObjectNode row) throws UnfitRowException {
        List<String> turns = Fields.texts(row, "turns");
        if (turns.isEmpty()) {
            throw new UnfitRowException(Reason.EMPTY_PROMPT, "turns is an empty list");
        }
        ConversationPrompt said = (ConversationPrompt) conversation(
                row, turns.stream().map(turn -> Message.of("user", turn)).toList());
        return new TurnsPrompt(turns, said.arguments());
    }

    private static JsonNode given(PromptRecord prompt) {
        if (prompt instanceof TextPrompt text) {
            return JSON.valueToTree(text.text());
        }
        if (prompt instanceof TurnsPrompt turns) {
            return JSON.valueToTree(turns.turns());
        }
        return prompt instanceof ConversationPrompt conversation
                ? JSON.valueToTree(
                        conversation.messages().stream().map(Message::fields).toList())
                : JSON.valueToTree(((TokenPrompt) prompt).ids());
    }
}
