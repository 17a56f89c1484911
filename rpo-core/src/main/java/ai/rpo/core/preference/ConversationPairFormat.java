package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** {@code {"prompt": [messages], "chosen": [messages], "rejected": [messages]}}, the last two without the prompt. */
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
        return Messages.areIn(row, "prompt") && Messages.areIn(row, "chosen") && Messages.areIn(row, "rejected");
    }

    @Override
    public PreferenceRecord read(ObjectNode row) throws UnfitRowException {
        return new PreferenceRecord.ConversationPair(
                Messages.list(row, "prompt"), Messages.list(row, "chosen"), Messages.list(row, "rejected"));
    }
}
