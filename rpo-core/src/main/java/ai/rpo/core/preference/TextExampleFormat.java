package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** {@code {"prompt": text, "completion": text}}. */
final class TextExampleFormat implements RowFormat {

    @Override
    public String name() {
        return "prompt-completion";
    }

    @Override
    public List<String> fields() {
        return List.of("prompt", "completion");
    }

    @Override
    public boolean recognises(ObjectNode row) {
        return Fields.areIn(row, fields());
    }

    @Override
    public PreferenceRecord read(ObjectNode row) throws UnfitRowException {
        Fields.requireTexts(row, fields());
        return new PreferenceRecord.TextExample(Fields.text(row, "prompt"), Fields.text(row, "completion"));
    }
}
