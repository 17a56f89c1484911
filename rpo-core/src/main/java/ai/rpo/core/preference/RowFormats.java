package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;

/** The formats this project reads, in the order in which they are tried on a row. */
public final class RowFormats {

    private static final List<RowFormat> ALL = List.of(
            new TokenPairFormat(),
            new TokenExampleFormat(),
            new ConversationPairFormat(),
            new UnpairedFormat(),
            new ConversationExampleFormat(),
            new WholeConversationsFormat(),
            new ShareGptFormat(),
            new TranscriptFormat(),
            new ImplicitPromptFormat(),
            new RatedFormat(),
            new TextPairFormat(),
            new TextExampleFormat());

    private RowFormats() {}

    public static Optional<RowFormat> named(String name) {
        return ALL.stream().filter(format -> format.name().equals(name)).findFirst();
    }

    public static List<String> names() {
        return ALL.stream().map(RowFormat::name).toList();
    }

    static Optional<RowFormat> recognise(ObjectNode row) {
        return ALL.stream().filter(format -> format.recognises(row)).findFirst();
    }
}
