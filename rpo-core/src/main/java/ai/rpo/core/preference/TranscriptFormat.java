package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * {@code {"chosen": text, "rejected": text}}, each a whole transcript of {@code "\n\nHuman:"} and
 * {@code "\n\nAssistant:"} turns, as HH-RLHF is written. The prompt ends with the last {@code "\n\nAssistant:"}; it stays
 * plain text, and no chat template is applied.
 */
final class TranscriptFormat implements RowFormat {

    private static final String HUMAN = "\n\nHuman:";
    private static final String ASSISTANT = "\n\nAssistant:";

    @Override
    public String name() {
        return "transcript";
    }

    @Override
    public List<String> fields() {
        return List.of("chosen", "rejected");
    }

    @Override
    public boolean recognises(ObjectNode row) {
        return !row.hasNonNull("prompt")
                && row.path("chosen").asText().startsWith(HUMAN)
                && row.path("rejected").asText().startsWith(HUMAN);
    }

    @Override
    public PreferenceRecord read(ObjectNode row) throws UnfitRowException {
        String chosen = Fields.text(row, "chosen");
        String rejected = Fields.text(row, "rejected");
        int end = promptEnd("chosen", chosen);
        if (end != promptEnd("rejected", rejected) || !chosen.regionMatches(0, rejected, 0, end)) {
            throw new UnfitRowException(Reason.NO_COMMON_PROMPT);
        }
        return new PreferenceRecord.TextPair(chosen.substring(0, end), chosen.substring(end), rejected.substring(end));
    }

    private static int promptEnd(String field, String transcript) throws UnfitRowException {
        int last = transcript.lastIndexOf(ASSISTANT);
        if (last < 0) {
            throw new UnfitRowException(Reason.EMPTY_COMPLETION, field + " has no turn of the assistant");
        }
        return last + ASSISTANT.length();
    }
}
