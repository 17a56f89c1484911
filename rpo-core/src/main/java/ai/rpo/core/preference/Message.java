package ai.rpo.core.preference;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One turn of a conversation, as its author wrote it: {@code role}, {@code content} and whatever else a chat template
 * may look at, such as {@code tool_calls}.
 *
 * @param fields made of text, Long, BigInteger beyond 64 bits, Double, Boolean, null, lists and maps
 */
public record Message(Map<String, Object> fields) implements Serializable {

    public static Message of(String role, String content) {
        Map<String, Object> fields = new LinkedHashMap<>(); // no Map.of, whose order differs from process to process
        fields.put("role", role);
        fields.put("content", content);
        return new Message(fields);
    }

    /** Tells whether the turn says and does nothing. */
    public boolean isEmpty() {
        Object content = fields.get("content");
        boolean silent = content == null || content.equals("") || content.equals(List.of());
        return silent && List.of().equals(fields.getOrDefault("tool_calls", List.of()));
    }
}
