package ai.rpo.core.judge;

import ai.rpo.core.RpoException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads what candidates were asked: MT-Bench's {@code question.jsonl} (question_id, turns, category), AlpacaEval's
 * evaluation set (instruction), or rows with a prompt; also with {@code reference}, a right answer or a list of them.
 */
public final class QuestionRows {

    private QuestionRows() {}

    /**
     * All of a file's prompts.
     *
     * @param source what to call the file in messages
     * @param references right answers in the layout of MT-Bench's model answers, by question; in place of the rows' own
     * @throws RpoException where a row has no prompt, or one stands there twice
     */
    public static List<EvaluationPrompt> read(String source, List<ObjectNode> rows, List<ObjectNode> references) {
        Map<String, List<String>> rightAnswers = new HashMap<>();
        for (ObjectNode row : references) {
            List<String> turns = new ArrayList<>();
            row.path("choices").path(0).path("turns").forEach(turn -> turns.add(turn.asText()));
            rightAnswers.put(row.path("question_id").asText(), turns);
        }
        List<EvaluationPrompt> prompts = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < rows.size(); i++) {
            ObjectNode row = rows.get(i);
            String id = row.hasNonNull("question_id") ? row.get("question_id").asText() : String.valueOf(i);
            List<String> turns = turns(row);
            if (turns.isEmpty()) {
                throw RpoException.data("Cannot use the questions of " + source + ": row " + (i + 1)
                        + " has no prompt. A row has turns, instruction or prompt.");
            }
            if (!seen.add(row.hasNonNull("question_id") ? id : String.join("\n\n", turns))) {
                throw RpoException.data("Cannot use the questions of " + source + ": row " + (i + 1)
                        + " stands there before. Leave one of them out.");
            }
            List<String> right = rightAnswers.getOrDefault(id, strings(row.path("reference")));
            prompts.add(new EvaluationPrompt(i, id, turns, row.path("category").asText(""), right));
        }
        return prompts;
    }

    static List<String> turns(ObjectNode row) {
        if (row.has("turns")) {
            return strings(row.get("turns"));
        }
        if (row.has("instruction")) {
            return strings(row.get("instruction"));
        }
        return row.hasNonNull("prompt") ? List.of(Candidate.prompt(row.get("prompt"))) : List.of();
    }

    static List<String> strings(JsonNode node) {
        List<String> strings = new ArrayList<>();
        if (node.isArray()) {
            node.forEach(text -> strings.add(text.asText()));
        } else if (node.isTextual()) {
            strings.add(node.textValue());
        }
        return strings;
    }
}
