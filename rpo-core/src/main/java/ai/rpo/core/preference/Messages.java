package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads the turns of conversations. */
final class Messages {

    private static final List<String> NOT_TEXT = List.of("image", "video", "audio");

    private Messages() {}

    /** Tells whether a field is a list of objects with a role, or an empty list. */
    static boolean areIn(ObjectNode row, String field) {
        JsonNode value = row.path(field);
        return value.isArray() && (value.isEmpty() || value.get(0).has("role"));
    }

    /** A list of {@code {"role", "content"}} objects. */
    static List<Message> list(ObjectNode row, String field) throws UnfitRowException {
        JsonNode value = Fields.required(row, field);
        if (!value.isArray()) {
            throw Fields.wrongType(field, "a list of messages", value);
        }
        List<Message> messages = new ArrayList<>();
        for (int i = 0; i < value.size(); i++) {
            messages.add(message(field + "[" + i + "]", value.get(i)));
        }
        return messages;
    }

    static Message message(String field, JsonNode value) throws UnfitRowException {
        if (!(value instanceof ObjectNode node)) {
            throw Fields.wrongType(field, "a message", value);
        }
        JsonNode role = node.path("role");
        if (!role.isTextual()) {
            throw noText(field + ".role", role);
        }
        JsonNode content = node.path("content");
        if (!content.isTextual()
                && !content.isArray()
                && node.path("tool_calls").isEmpty()) {
            throw noText(field + ".content", content);
        }
        for (int i = 0; content.isArray() && i < content.size(); i++) {
            if (!content.get(i).isObject() && !content.get(i).isTextual()) {
                throw Fields.wrongType(field + ".content[" + i + "]", "text or an object", content.get(i));
            }
            requireText(field + ".content[" + i + "]", content.get(i));
        }
        checkTexts(field, node);
        Map<String, Object> fields = fields(node);
        fields.putIfAbsent("content", null);
        return new Message(fields);
    }

    /** Whatever a template writes for a picture, nothing of the picture is trained on. */
    private static void requireText(String field, JsonNode part) throws UnfitRowException {
        for (String kind : NOT_TEXT) {
            if (part.path("type").asText().contains(kind) || part.hasNonNull(kind) || part.hasNonNull(kind + "_url")) {
                throw new UnfitRowException(
                        Reason.UNUSED_FIELD,
                        field + " holds " + kind + ", which cannot be trained on, as only text can");
            }
        }
    }

    /**
     * A value that a template may write, made of what {@link Message#fields} are.
     *
     * @throws UnfitRowException where its text is broken
     */
    static Object value(String field, JsonNode node) throws UnfitRowException {
        checkTexts(field, node);
        return value(node);
    }

    private static Map<String, Object> fields(ObjectNode node) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            fields.put(entry.getKey(), value(entry.getValue()));
        }
        return fields;
    }

    private static Object value(JsonNode node) {
        if (node instanceof ObjectNode object) {
            return fields(object);
        }
        if (node.isArray()) {
            List<Object> values = new ArrayList<>();
            node.forEach(item -> values.add(value(item)));
            return values;
        }
        if (node.isNumber()) {
            return number(node);
        }
        return node.isBoolean() ? (Object) node.booleanValue() : node.textValue();
    }

    private static Number number(JsonNode node) {
        if (!node.isIntegralNumber()) {
            return node.doubleValue();
        }
        return node.canConvertToLong() ? (Number) node.longValue() : node.bigIntegerValue();
    }

    private static UnfitRowException noText(String field, JsonNode value) {
        return value.isMissingNode()
                ? new UnfitRowException(Reason.MISSING_FIELD, field + " is missing")
                : Fields.wrongType(field, "text", value);
    }

    /** Checks the texts of a message, whose template may write any of its fields. */
    private static void checkTexts(String field, JsonNode value) throws UnfitRowException {
        if (value.isTextual()) {
            Fields.wholeText(field, value.textValue());
        } else if (value.isArray()) {
            for (int i = 0; i < value.size(); i++) {
                checkTexts(field + "[" + i + "]", value.get(i));
            }
        } else {
            for (Map.Entry<String, JsonNode> entry : value.properties()) {
                checkTexts(field + "." + entry.getKey(), entry.getValue());
            }
        }
    }
}
