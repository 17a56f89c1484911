package ai.rpo.core.preference;

import ai.rpo.core.preference.PromptRecord.ConversationPrompt;
import ai.rpo.core.preference.PromptRecord.TextPrompt;
import ai.rpo.core.preference.PromptRecord.TokenPrompt;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * Reads the prompt of a row: {@code prompt_ids}; {@code prompt}, which is text or a list of messages; or
 * {@code messages}, without an answer at their end. Whatever else the row has is passed over, so preference data serve
 * as prompts too.
 */
public final class PromptReader {

    private PromptReader() {}

    /**
     * @param given the prompt as the row has it
     */
    public record Row(PromptRecord prompt, JsonNode given) {}

    /**
     * @param json an object in UTF-8
     * @throws UnfitRowException where the bytes are no such row
     */
    public static Row read(byte[] json) throws UnfitRowException {
        ObjectNode row = RowReader.parse(json);
        if (row.hasNonNull("prompt_ids")) {
            return new Row(new TokenPrompt(Fields.tokenIds(row, "prompt_ids")), row.get("prompt_ids"));
        }
        if (row.hasNonNull("messages") && !row.hasNonNull("prompt")) {
            return new Row(new ConversationPrompt(unanswered(Messages.list(row, "messages"))), row.get("messages"));
        }
        JsonNode prompt = Fields.required(row, "prompt");
        return prompt.isArray()
                ? new Row(new ConversationPrompt(Messages.list(row, "prompt")), prompt)
                : new Row(new TextPrompt(Fields.text(row, "prompt")), prompt);
    }

    private static List<Message> unanswered(List<Message> messages) {
        int last = messages.size() - 1;
        boolean answered =
                last >= 0 && "assistant".equals(messages.get(last).fields().get("role"));
        return answered ? messages.subList(0, last) : messages;
    }
}
