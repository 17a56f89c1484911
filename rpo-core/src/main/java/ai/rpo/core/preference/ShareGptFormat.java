package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code {"conversations": [turns], "chosen": turn, "rejected": turn}} with turns of {@code {"from", "value"}}, as
 * LLaMA-Factory ranks ShareGPT conversations; {@code "system"} beside them, where it is there, comes first.
 */
final class ShareGptFormat implements RowFormat {

    @Override
    public String name() {
        return "sharegpt";
    }

    @Override
    public boolean recognises(ObjectNode row) {
        return row.has("conversations")
                && row.path("chosen").has("value")
                && row.path("rejected").has("value");
    }

    @Override
    public PreferenceRecord read(ObjectNode row) throws UnfitRowException {
        List<Message> prompt = new ArrayList<>();
        if (row.path("system").isTextual() && !row.path("system").textValue().isEmpty()) {
            prompt.add(Message.of("system", Fields.text(row, "system")));
        }
        JsonNode turns = Fields.required(row, "conversations");
        if (!turns.isArray()) {
            throw Fields.wrongType("conversations", "a list of turns", turns);
        }
        for (JsonNode turn : turns) {
            prompt.add(turn("conversations", turn));
        }
        return new PreferenceRecord.ConversationPair(
                prompt, List.of(turn("chosen", row.get("chosen"))), List.of(turn("rejected", row.get("rejected"))));
    }

    private static Message turn(String field, JsonNode value) throws UnfitRowException {
        if (!(value instanceof ObjectNode turn)) {
            throw Fields.wrongType(field, "a turn with from and value", value);
        }
        String from = Fields.text(turn, "from");
        String role =
                switch (from) {
                    case "human", "user" -> "user";
                    case "gpt", "assistant" -> "assistant";
                    case "system" -> "system";
                    case "observation", "tool" -> "tool";
                    default ->
                        throw new UnfitRowException(
                                Reason.WRONG_TYPE,
                                field + ".from must be human, gpt, system or observation, but is " + from);
                };
        return Message.of(role, Fields.text(turn, "value"));
    }
}
