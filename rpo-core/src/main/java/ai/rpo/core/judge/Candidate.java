package ai.rpo.core.judge;

import ai.rpo.core.RpoException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Holds one candidate's answers, by what they answer.
 *
 * @param name of the candidate
 * @param answers in the order of the file; a key is a question's id, or the text of a prompt
 */
public record Candidate(String name, Map<String, Reply> answers) {

    /**
     * Holds what a candidate answered to one prompt.
     *
     * @param turns what the user said; none where only the question's id is known
     * @param answers one a turn
     */
    record Reply(List<String> turns, List<String> answers) {}

    /**
     * Answers in any of these layouts, recognised by the fields of each row: MT-Bench's model answers (question_id and
     * choices, perhaps with the questions' turns), AlpacaEval's model outputs (instruction and output), what
     * {@code rpo generate} writes, or any rows with prompt and completion.
     *
     * @param source what to call the file in messages
     * @throws RpoException where a row is none of these, or answers a prompt once more
     */
    public static Candidate read(String name, String source, List<ObjectNode> rows) {
        Map<String, Reply> answers = new LinkedHashMap<>();
        Map<String, Integer> places = new LinkedHashMap<>();
        for (int i = 0; i < rows.size(); i++) {
            String key;
            Reply reply;
            try {
                reply = reply(rows.get(i));
                key = key(rows.get(i), reply);
            } catch (IllegalArgumentException e) {
                throw RpoException.data("Cannot use the answers of " + name + ": row " + (i + 1) + " of " + source + " "
                        + e.getMessage() + ". A row has prompt and completion, instruction and output, or question_id"
                        + " and choices.");
            }
            Integer before = places.putIfAbsent(key, i + 1);
            if (before != null) {
                throw RpoException.data("Cannot use the answers of " + name + ": rows " + before + " and " + (i + 1)
                        + " of " + source + " answer the same prompt, " + Annotations.quoted(key)
                        + ". Leave one answer to each prompt; rpo generate writes one where"
                        + " rpo.generate.samples-per-prompt is 1.");
            }
            answers.put(key, reply);
        }
        return new Candidate(name, answers);
    }

    private static String key(ObjectNode row, Reply reply) {
        return row.hasNonNull("question_id") ? row.get("question_id").asText() : String.join("\n\n", reply.turns());
    }

    private static Reply reply(ObjectNode row) {
        if (row.has("choices") && (row.has("question_id") || row.has("turns"))) {
            List<String> answers = new ArrayList<>();
            row.path("choices").path(0).path("turns").forEach(turn -> answers.add(turn.asText()));
            if (answers.isEmpty()) {
                throw new IllegalArgumentException("has no choices[0].turns");
            }
            return new Reply(row.has("turns") ? texts(row, "turns") : List.of(), answers);
        }
        if (row.has("instruction") && row.has("output")) {
            return new Reply(List.of(text(row, "instruction")), List.of(text(row, "output")));
        }
        if (row.has("prompt") && row.has("completion")) {
            return new Reply(List.of(prompt(row.get("prompt"))), List.of(completion(row.get("completion"))));
        }
        TreeSet<String> fields = new TreeSet<>();
        row.fieldNames().forEachRemaining(fields::add);
        throw new IllegalArgumentException("has only the fields " + String.join(", ", fields));
    }

    /** A prompt as text: what the user said where that is all, else who said what. */
    static String prompt(JsonNode prompt) {
        if (prompt.isTextual()) {
            return prompt.textValue();
        }
        if (prompt.size() == 1 && prompt.get(0).path("role").asText().equals("user")) {
            return prompt.get(0).path("content").asText();
        }
        List<String> turns = new ArrayList<>();
        for (JsonNode message : prompt) {
            if (!message.path("content").isTextual()) {
                throw new IllegalArgumentException("has a prompt that is neither text nor a list of messages");
            }
            turns.add(message.path("role").asText() + ": "
                    + message.get("content").textValue());
        }
        if (turns.isEmpty()) {
            throw new IllegalArgumentException("has a prompt that is neither text nor a list of messages");
        }
        return String.join("\n\n", turns);
    }

    private static String completion(JsonNode completion) {
        JsonNode text =
                completion.isArray() ? completion.path(completion.size() - 1).path("content") : completion;
        if (!text.isTextual()) {
            throw new IllegalArgumentException("has a completion that is neither text nor a list of messages");
        }
        return text.textValue();
    }

    private static List<String> texts(ObjectNode row, String field) {
        List<String> texts = new ArrayList<>();
        for (JsonNode text : row.get(field)) {
            if (!text.isTextual()) {
                throw new IllegalArgumentException("has no list of texts " + field);
            }
            texts.add(text.textValue());
        }
        return texts;
    }

    private static String text(ObjectNode row, String field) {
        if (!row.get(field).isTextual()) {
            throw new IllegalArgumentException("has no text " + field);
        }
        return row.get(field).textValue();
    }
}
