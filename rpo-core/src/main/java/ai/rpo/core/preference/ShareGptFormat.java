package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * {@code {"conversations": [turns], "chosen": turn, "rejected": turn}} with turns of {@code {"from", "value"}}, as
 * LLaMA-Factory ranks ShareGPT conversations, or of {@code {"role", "content"}} under {@code "messages"}, as axolotl
 * does; {@code "system"} beside them, where it is there, comes first.
 */
final class ShareGptFormat implements RowFormat {

    @Override
    public String name() {
        return "sharegpt";
    }

    @Override
    public List<String> fields() {
        return List.of("conversations", "chosen", "rejected");
    }

    @Override
    public boolean recognises(ObjectNode row) {
        return row.hasNonNull(turns(row)) && Turns.isTurn(row.path("chosen")) && Turns.isTurn(row.path("rejected"));
    }

    @Override
    public PreferenceRecord read(ObjectNode row) throws UnfitRowException {
        return new PreferenceRecord.ConversationPair(
                Turns.list(row, turns(row)),
                List.of(Turns.turn("chosen", Fields.required(row, "chosen"))),
                List.of(Turns.turn("rejected", Fields.required(row, "rejected"))));
    }

    private static String turns(ObjectNode row) {
        return row.hasNonNull("messages") && !row.hasNonNull("conversations") ? "messages" : "conversations";
    }
}
