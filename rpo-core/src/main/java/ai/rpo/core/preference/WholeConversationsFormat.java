package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * {@code {"chosen": [messages], "rejected": [messages]}}, each a whole conversation: the prompt is what both begin with.
 * UltraFeedback-binarized is written so, with a {@code prompt} of text beside them that says less. The messages may be
 * turns of {@code {"from", "value"}}.
 */
final class WholeConversationsFormat implements RowFormat {

    @Override
    public String name() {
        return "whole-conversations";
    }

    @Override
    public List<String> fields() {
        return List.of("chosen", "rejected");
    }

    @Override
    public boolean recognises(ObjectNode row) {
        return areIn(row, "chosen") && areIn(row, "rejected") && !areIn(row, "prompt");
    }

    @Override
    public PreferenceRecord read(ObjectNode row) throws UnfitRowException {
        List<Message> chosen = Turns.alone(row, "chosen");
        List<Message> rejected = Turns.alone(row, "rejected");
        int shared = 0;
        // Something must be left to prefer, also where the two are the same.
        int most = Math.min(chosen.size(), rejected.size()) - 1;
        while (shared < most && chosen.get(shared).equals(rejected.get(shared))) {
            shared++;
        }
        if (shared == 0) {
            Fields.requireTexts(row, List.of("prompt", "chosen", "rejected"));
            throw new UnfitRowException(Reason.NO_COMMON_PROMPT);
        }
        return new PreferenceRecord.ConversationPair(
                chosen.subList(0, shared),
                chosen.subList(shared, chosen.size()),
                rejected.subList(shared, rejected.size()));
    }

    private static boolean areIn(ObjectNode row, String field) {
        return Messages.areIn(row, field) || Turns.areIn(row, field);
    }
}
