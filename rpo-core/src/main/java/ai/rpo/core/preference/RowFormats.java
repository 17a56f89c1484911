package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

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
            new TextExampleFormat(),
            new ConversationFormat());

    /** Fields that a row may have beside those that make its format. */
    private static final List<String> OPTIONAL =
            List.of("scores", "ref_chosen_logps", "ref_rejected_logps", "tools", "chat_template_kwargs");

    private RowFormats() {}

    public static Optional<RowFormat> named(String name) {
        return ALL.stream().filter(format -> format.name().equals(name)).findFirst();
    }

    public static List<String> names() {
        return ALL.stream().map(RowFormat::name).toList();
    }

    /** Names of all fields that are looked at, in Parquet files the columns that are read. */
    public static Set<String> fields() {
        Set<String> names = new TreeSet<>(UnusedFields.names());
        ALL.forEach(format -> names.addAll(format.fields()));
        names.addAll(OPTIONAL);
        return names;
    }

    /** Tells whether it is enough to know of such a field that it holds something, since no text can. */
    public static boolean isNotText(String field) {
        return UnusedFields.isNotText(field);
    }

    static Optional<RowFormat> recognise(ObjectNode row) {
        return ALL.stream().filter(format -> format.recognises(row)).findFirst();
    }

    /** A field that is null though a format needs it and the row has the others. */
    static Optional<String> nullField(ObjectNode row) {
        return ALL.stream()
                .map(RowFormat::fields)
                .filter(fields -> fields.stream().allMatch(row::has))
                .flatMap(List::stream)
                .filter(field -> row.get(field).isNull())
                .findFirst();
    }
}
