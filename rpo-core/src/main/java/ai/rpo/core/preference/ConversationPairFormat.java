package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * {@code {"prompt": [messages], "chosen": [messages], "rejected": [messages]}}, the last two without the prompt; each may
 * be one message instead of a list, and messages may be written as ShareGPT writes them.
 */
final class ConversationPairFormat implements RowFormat {

    @Override
    public String name() {
        return "conversational";
    }

    @Override
    public List<String> fields() {
        return List.of("prompt", "chosen", "rejected");
    }

    @Override
    public boolean recognises(ObjectNode row) {
        return Turns.isOneOrMore(row, "prompt")
                && Turns.isOneOrMore(row, "chosen")
                && Turns.isOneOrMore(row, "rejected");
    }

    @Override
    public PreferenceRecord read(ObjectNode row) throws UnfitRowException {
        return new PreferenceRecord.ConversationPair(
                Turns.oneOrMore(row, "prompt"), Turns.oneOrMore(row, "chosen"), Turns.oneOrMore(row, "rejected"));
    }
}
