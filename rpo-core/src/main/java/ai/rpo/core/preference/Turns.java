package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/** Reads turns of {@code {"from", "value"}}, as ShareGPT has them, or of {@code {"role", "content"}}. */
final class Turns {

    private Turns() {}

    /** Tells whether a value is a turn. */
    static boolean isTurn(JsonNode value) {
        return value.hasNonNull("value") || value.hasNonNull("role");
    }

    /** Tells whether a field is a turn, or a list of turns. */
    static boolean isOneOrMore(ObjectNode row, String field) {
        return isTurn(row.path(field)) || areIn(row, field) || Messages.areIn(row, field);
    }

    /** Tells whether a field is a list of turns that is not empty. */
    static boolean areIn(ObjectNode row, String field) {
        return row.path(field).isArray() && isTurn(row.path(field).path(0));
    }

    /** The turns of a field, behind the row's {@code system} where it has one. */
    static List<Message> list(ObjectNode row, String field) throws UnfitRowException {
        List<Message> messages = new ArrayList<>();
        if (row.path("system").isTextual() && !row.path("system").textValue().isEmpty()) {
            messages.add(Message.of("system", Fields.text(row, "system")));
        }
        messages.addAll(alone(row, field));
        return messages;
    }

    /** The turns of a field, whatever else the row has. */
    static List<Message> alone(ObjectNode row, String field) throws UnfitRowException {
        JsonNode turns = Fields.required(row, field);
        if (!turns.isArray()) {
            throw Fields.wrongType(field, "a list of turns", turns);
        }
        if (turns.path(0).has("role")) {
            return Messages.list(row, field);
        }
        List<Message> messages = new ArrayList<>();
        for (JsonNode turn : turns) {
            messages.add(turn(field, turn));
        }
        return messages;
    }

    /** A field that is one turn, or a list of them. */
    static List<Message> oneOrMore(ObjectNode row, String field) throws UnfitRowException {
        JsonNode value = Fields.required(row, field);
        return value.isObject() ? List.of(turn(field, value)) : alone(row, field);
    }

    /** One turn. */
    static Message turn(String field, JsonNode value) throws UnfitRowException {
        if (!(value instanceof ObjectNode turn)) {
            throw Fields.wrongType(field, "a turn with from and value", value);
        }
        if (turn.has("role")) {
            return Messages.message(field, turn);
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
