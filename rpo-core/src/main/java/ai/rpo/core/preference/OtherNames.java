package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Guesses which fields of a row are a format's under another name, to be told to the user. */
final class OtherNames {

    private static final Map<String, List<String>> USUAL = Map.of(
            "prompt", List.of("instruction", "question", "query", "input", "problem", "user", "post"),
            "chosen",
                    List.of(
                            "chosen_response",
                            "response_chosen",
                            "preferred_output",
                            "preferred",
                            "accepted",
                            "winner",
                            "response_j",
                            "chosen_conversations",
                            "correct",
                            "positive"),
            "rejected",
                    List.of(
                            "rejected_response",
                            "response_rejected",
                            "non_preferred_output",
                            "dispreferred",
                            "loser",
                            "response_k",
                            "rejected_conversations",
                            "wrong",
                            "negative"),
            "completion", List.of("output", "response", "answer", "target"),
            "completions", List.of("responses", "generations", "candidates", "answers"),
            "scores", List.of("ratings", "rating", "rewards"),
            "label", List.of("is_good", "desirable", "is_desirable", "kto_tag", "thumbs_up", "liked"));

    /** Lists fields in the order in which they are told. */
    static final List<String> FIELDS =
            List.of("prompt", "chosen", "rejected", "completion", "completions", "scores", "label");

    private OtherNames() {}

    /**
     * Settings for some of the formats' fields that may be what is wanted, separated by commas; empty where none
     * suggests itself.
     */
    static String settings(ObjectNode row, List<String> fields) {
        return fields.stream()
                .filter(field -> !row.has(field))
                .flatMap(field -> of(field, row).map(other -> "rpo.data.fields." + field + " = " + other).stream())
                .collect(Collectors.joining(", "));
    }

    /**
     * The field beside {@code chosen} and {@code rejected} that is likely to be their prompt: one of a usual name, or a
     * text of several words that these do not have in common.
     */
    static Optional<String> ofPrompt(ObjectNode row) {
        String chosen = row.path("chosen").asText();
        String rejected = row.path("rejected").asText();
        return row.properties().stream()
                .filter(entry -> !List.of("chosen", "rejected").contains(entry.getKey()))
                .filter(entry -> UnusedFields.textsIn(entry.getValue()).stream()
                        .anyMatch(text -> isProse(text, entry.getKey())
                                && !(chosen.contains(text.strip()) && rejected.contains(text.strip()))))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    private static boolean isProse(String text, String name) {
        return text.strip().contains(" ")
                || USUAL.get("prompt").contains(name)
                || UnusedFields.names().contains(name);
    }

    /** Gives what a row may call a format's field. */
    static Optional<String> of(String field, ObjectNode row) {
        return Stream.of(USUAL.get(field))
                .flatMap(List::stream)
                .filter(row::hasNonNull)
                .filter(name -> row.get(name).isBoolean() == field.equals("label"))
                .findFirst();
    }
}
