package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** {@code {"prompt_ids": [int], "completion_ids": [int]}}. */
final class TokenExampleFormat implements RowFormat {

    @Override
    public String name() {
        return "tokenised-completion";
    }

    @Override
    public List<String> fields() {
        return List.of("prompt_ids", "completion_ids");
    }

    @Override
    public boolean recognises(ObjectNode row) {
        return Fields.areIn(row, fields());
    }

    @Override
    public PreferenceRecord read(ObjectNode row) throws UnfitRowException {
        return new PreferenceRecord.TokenExample(
                Fields.tokenIds(row, "prompt_ids"), Fields.tokenIds(row, "completion_ids"));
    }
}
