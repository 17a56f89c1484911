package ai.rpo.core.preference;

import ai.rpo.core.preference.PreferenceRecord.RatedCompletion;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * {@code {"prompt", "completions": [completion, …], "scores": [number, …]}}, or UltraFeedback's
 * {@code {"instruction", "completions": [{"response", "overall_score"}, …]}}; also {@code score}, {@code rating} and {@code reward} in
 * place of the latter. Prompt and completions are text, or both are lists of messages.
 */
final class RatedFormat implements RowFormat {

    private static final String COMPLETIONS = "completions";
    private static final String SCORES = "scores";
    private static final List<String> TEXT_FIELDS = List.of("response", "completion", "text", "content");
    private static final List<String> SCORE_FIELDS = List.of("score", "rating", "overall_score", "reward");

    @Override
    public String name() {
        return "rated";
    }

    @Override
    public List<String> fields() {
        return List.of("completions");
    }

    @Override
    public boolean recognises(ObjectNode row) {
        JsonNode completions = row.path(COMPLETIONS);
        return completions.isArray()
                && (row.path(SCORES).isArray() || completions.path(0).isObject());
    }

    @Override
    public PreferenceRecord read(ObjectNode row) throws UnfitRowException {
        String promptField = row.has("prompt") ? "prompt" : "instruction";
        JsonNode completions = Fields.required(row, COMPLETIONS);
        if (!completions.isArray()) {
            throw Fields.wrongType(COMPLETIONS, "a list", completions);
        }
        JsonNode scores = row.path(SCORES);
        if (scores.isArray() && scores.size() != completions.size()) {
            throw new UnfitRowException(
                    Reason.MISSING_FIELD, completions.size() + " completions, but " + scores.size() + " scores");
        }
        boolean conversation = row.path(promptField).isArray();
        List<RatedCompletion> rated = new ArrayList<>();
        for (int i = 0; i < completions.size(); i++) {
            rated.add(completion(completions.get(i), scores.get(i), COMPLETIONS + "[" + i + "]", conversation));
        }
        return conversation
                ? new PreferenceRecord.RatedCompletions(
                        new PromptRecord.ConversationPrompt(Messages.list(row, promptField)), rated)
                : new PreferenceRecord.RatedCompletions(
                        new PromptRecord.TextPrompt(Fields.text(row, promptField)), rated);
    }

    private static RatedCompletion completion(JsonNode value, JsonNode score, String field, boolean conversation)
            throws UnfitRowException {
        ObjectNode named = JsonNodeFactory.instance.objectNode();
        named.set(field, value);
        if (value instanceof ObjectNode object) {
            String text = TEXT_FIELDS.stream()
                    .filter(object::has)
                    .findFirst()
                    .orElseThrow(() -> new UnfitRowException(
                            Reason.MISSING_FIELD, field + " has none of " + String.join(", ", TEXT_FIELDS)));
            named.set(field, object.get(text));
        }
        JsonNode given = Optional.ofNullable(score)
                .or(() -> SCORE_FIELDS.stream().filter(value::has).findFirst().map(value::get))
                .orElseThrow(() -> new UnfitRowException(
                        Reason.MISSING_FIELD, field + " has none of " + String.join(", ", SCORE_FIELDS)));
        if (!given.isNumber() || Double.isNaN(given.doubleValue())) {
            throw Fields.wrongType("score of " + field, "a number", given);
        }
        double number = given.doubleValue();
        return conversation
                ? new RatedCompletion("", Messages.list(named, field), number)
                : new RatedCompletion(Fields.text(named, field), List.of(), number);
    }
}
