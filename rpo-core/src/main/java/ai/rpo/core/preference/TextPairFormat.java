package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** {@code {"prompt": text, "chosen": text, "rejected": text}}. */
final class TextPairFormat implements RowFormat {

    @Override
    public String name() {
        return "text";
    }

    @Override
    public List<String> fields() {
        return List.of("prompt", "chosen", "rejected");
    }

    @Override
    public boolean recognises(ObjectNode row) {
        return Fields.areIn(row, fields());
    }

    @Override
    public PreferenceRecord read(ObjectNode row) throws UnfitRowException {
        Fields.requireTexts(row, fields());
        return new PreferenceRecord.TextPair(
                Fields.text(row, "prompt"), Fields.text(row, "chosen"), Fields.text(row, "rejected"));
    }
}
