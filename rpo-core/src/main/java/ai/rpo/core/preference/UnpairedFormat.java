package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * {@code {"prompt", "completion", "label": true or false}}, prompt and completion being text or lists of messages: one
 * answer, and whether it is a good one, as TRL's KTO takes them.
 */
final class UnpairedFormat implements RowFormat {

    private static final String LABEL = "label";

    private final RowFormat conversation = new ConversationExampleFormat();
    private final RowFormat whole = new ConversationFormat();
    private final RowFormat text = new TextExampleFormat();

    @Override
    public String name() {
        return "unpaired";
    }

    @Override
    public List<String> fields() {
        return List.of("prompt", "completion", "label");
    }

    @Override
    public boolean recognises(ObjectNode row) {
        return row.path(LABEL).isBoolean() && (text.recognises(row) || whole.recognises(row));
    }

    @Override
    public PreferenceRecord read(ObjectNode row) throws UnfitRowException {
        JsonNode label = Fields.required(row, LABEL);
        if (!label.isBoolean()) {
            throw Fields.wrongType(LABEL, "true or false", label);
        }
        RowFormat format = whole.recognises(row) ? whole : conversation.recognises(row) ? conversation : text;
        return new PreferenceRecord.UnpairedCompletion(format.read(row), label.booleanValue());
    }
}
