package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** {@code {"prompt": [messages], "completion": [messages]}}. */
final class ConversationExampleFormat implements RowFormat {

    @Override
    public String name() {
        return "conversational-completion";
    }

    @Override
    public List<String> fields() {
        return List.of("prompt", "completion");
    }

    @Override
    public boolean recognises(ObjectNode row) {
        return Turns.isOneOrMore(row, "prompt") && Turns.isOneOrMore(row, "completion");
    }

    @Override
    public PreferenceRecord read(ObjectNode row) throws UnfitRowException {
        return new PreferenceRecord.ConversationExample(
                Turns.oneOrMore(row, "prompt"), Turns.oneOrMore(row, "completion"));
    }
}
