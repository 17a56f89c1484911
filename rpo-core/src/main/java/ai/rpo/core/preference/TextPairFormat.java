package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** {@code {"prompt": text, "chosen": text, "rejected": text}}. */
final class TextPairFormat implements RowFormat {

    @Override
    public String name() {
        return "text";
    }

    @Override
    public boolean recognises(ObjectNode row) {
        return row.has("prompt") && row.has("chosen") && row.has("rejected");
    }

    @Override
    public PreferenceRecord read(ObjectNode row) throws UnfitRowException {
        return new PreferenceRecord.TextPair(
                Fields.text(row, "prompt"), Fields.text(row, "chosen"), Fields.text(row, "rejected"));
    }
}
