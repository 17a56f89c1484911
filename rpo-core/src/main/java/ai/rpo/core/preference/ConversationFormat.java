package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * {@code {"messages": [messages]}}, or {@code {"conversations": [turns]}} of {@code {"from", "value"}}: a conversation
 * whose last turn, the assistant's, is the completion of those before it.
 */
final class ConversationFormat implements RowFormat {

    private static final List<String> FIELDS = List.of("messages", "conversations");

    @Override
    public String name() {
        return "conversation";
    }

    @Override
    public List<String> fields() {
        return List.of("messages");
    }

    @Override
    public boolean recognises(ObjectNode row) {
        boolean answeredElsewhere =
                row.hasNonNull("completion") || row.hasNonNull("chosen") || row.hasNonNull("rejected");
        return !answeredElsewhere && FIELDS.stream().anyMatch(field -> Turns.areIn(row, field));
    }

    @Override
    public PreferenceRecord read(ObjectNode row) throws UnfitRowException {
        String field = FIELDS.stream().filter(row::hasNonNull).findFirst().orElse("messages");
        List<Message> messages = Turns.list(row, field);
        int last = messages.size() - 1;
        if (last < 0 || !"assistant".equals(messages.get(last).fields().get("role"))) {
            throw new UnfitRowException(Reason.EMPTY_COMPLETION, field + " does not end with a turn of the assistant");
        }
        if (last == 0) {
            throw new UnfitRowException(Reason.EMPTY_PROMPT, field + " has no turn before the assistant's");
        }
        return new PreferenceRecord.ConversationExample(messages.subList(0, last), messages.subList(last, last + 1));
    }
}
