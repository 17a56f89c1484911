package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Says how a row of a layout that is not read here may be turned into one that is. */
final class LayoutHints {

    /** Lists hints from the most special to the most general. */
    private static final List<Function<ObjectNode, Optional<String>>> ALL = List.of(
            LayoutHints::rowsWithin,
            LayoutHints::messagesInInput,
            LayoutHints::rejectedResponse,
            LayoutHints::listOfAnswers,
            LayoutHints::twoAnswers,
            LayoutHints::otherNames,
            LayoutHints::promptBesidePair,
            LayoutHints::textAlone);

    /** Says how names end of two answers of which a third field tells the better one. */
    private static final Map<String, String> SECOND = Map.of("0", "1", "1", "2", "a", "b", "A", "B");

    private LayoutHints() {}

    static Optional<String> of(ObjectNode row) {
        return ALL.stream().flatMap(hint -> hint.apply(row).stream()).findFirst();
    }

    /** Gives a hint for a row that is read, though without its label or its worse answer. */
    static Optional<String> ofSupervised(ObjectNode row) {
        return rejectedResponse(row).or(() -> namesAmong(row, List.of("chosen", "rejected", "label")));
    }

    /** Recognises rows as web services answer. */
    private static Optional<String> rowsWithin(ObjectNode row) {
        return row.properties().stream()
                .filter(field -> field.getValue().path(0).hasNonNull("chosen")
                        || field.getValue().path(0).hasNonNull("completion"))
                .findFirst()
                .map(field -> "the rows are within " + field.getKey()
                        + ": write that array alone, or each of them on a line");
    }

    /** Recognises rows as OpenAI's fine-tuning takes preferences. */
    private static Optional<String> messagesInInput(ObjectNode row) {
        if (!row.path("input").path("messages").isArray()) {
            return Optional.empty();
        }
        String others = OtherNames.settings(row, List.of("chosen", "rejected"));
        return Optional.of(
                "write input.messages as prompt" + (row.path("input").has("tools") ? ", input.tools as tools" : "")
                        + (others.isEmpty() ? "" : ", and set " + others));
    }

    /** Recognises rows as ms-swift has pairs. */
    private static Optional<String> rejectedResponse(ObjectNode row) {
        Optional<String> rejected = OtherNames.of("rejected", row);
        if (row.has("chosen") || rejected.isEmpty()) {
            return Optional.empty();
        }
        if (Turns.areIn(row, "messages")) {
            return Optional.of("messages ends with the answer that " + rejected.get()
                    + " was worse than: write the turns before it as prompt, and both answers as chosen and rejected");
        }
        return row.has("response") && OtherNames.of("chosen", row).isEmpty()
                ? Optional.of("perhaps "
                        + Stream.of(
                                        OtherNames.settings(row, List.of("prompt")),
                                        "rpo.data.fields.chosen = response",
                                        OtherNames.settings(row, List.of("rejected")))
                                .filter(setting -> !setting.isEmpty())
                                .collect(Collectors.joining(", ")))
                : Optional.empty();
    }

    private static Optional<String> listOfAnswers(ObjectNode row) {
        return OtherNames.of("completion", row)
                .filter(name -> row.get(name).isArray() && row.get(name).path(0).isTextual())
                .map(name ->
                        name + " is a list of answers: write the better one as chosen and the worse one as rejected,"
                                + " or set rpo.data.fields.completions = " + name + " and give their scores");
    }

    private static Optional<String> twoAnswers(ObjectNode row) {
        for (Map.Entry<String, JsonNode> first : row.properties()) {
            String name = first.getKey();
            String end = name.isEmpty() ? "" : name.substring(name.length() - 1);
            String second = name.substring(0, name.length() - end.length()) + SECOND.getOrDefault(end, "");
            if (SECOND.containsKey(end) && isAnswer(first.getValue()) && isAnswer(row.path(second))) {
                return Optional.of("write the better one of " + name + " and " + second
                        + " as chosen and the other one as rejected");
            }
        }
        return Optional.empty();
    }

    private static boolean isAnswer(JsonNode value) {
        return value.isTextual() || value.isArray();
    }

    private static Optional<String> otherNames(ObjectNode row) {
        return namesAmong(row, OtherNames.FIELDS);
    }

    private static Optional<String> namesAmong(ObjectNode row, List<String> fields) {
        return Optional.of(OtherNames.settings(row, fields))
                .filter(settings -> !settings.isEmpty())
                .map(settings -> "perhaps " + settings);
    }

    private static Optional<String> promptBesidePair(ObjectNode row) {
        return row.hasNonNull("chosen") && row.hasNonNull("rejected") && !row.hasNonNull("prompt")
                ? OtherNames.ofPrompt(row)
                        .map(prompt -> "if " + prompt
                                + " is the prompt, set rpo.data.fields.prompt; if chosen and rejected begin with"
                                + " it, set rpo.data.format = implicit-prompt")
                : Optional.empty();
    }

    private static Optional<String> textAlone(ObjectNode row) {
        return row.path("text").isTextual() && !row.hasNonNull("prompt")
                ? Optional.of("text does not say where a prompt ends and its completion begins: write it as prompt and"
                        + " completion, or as messages")
                : Optional.empty();
    }
}
