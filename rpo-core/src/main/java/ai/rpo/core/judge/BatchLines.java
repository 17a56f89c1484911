package ai.rpo.core.judge;

import ai.rpo.core.judge.ChatCompletions.LengthField;
import ai.rpo.core.judge.ServerReply.Again;
import ai.rpo.core.judge.ServerReply.Answered;
import ai.rpo.core.judge.ServerReply.Hopeless;
import ai.rpo.core.judge.ServerReply.Outcome;
import ai.rpo.core.judge.ServerReply.Unanswerable;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * Writes the lines of OpenAI's batch files, and reads those of their results, whose order is not that of the requests.
 */
public final class BatchLines {

    private static final ObjectMapper JSON = new ObjectMapper();

    private BatchLines() {}

    /**
     * Holds what became of one request.
     *
     * @param key of the request
     * @param answer {@link Answer.Finish#FAILED} where it has none
     */
    public record Result(String key, Answer answer) {}

    /** One request without the line's end. */
    public static String request(String key, String model, Question question) {
        ObjectNode line = JSON.createObjectNode();
        line.put("custom_id", key);
        line.put("method", "POST");
        line.put("url", "/v1/chat/completions");
        line.set("body", ChatCompletions.request(model, question, LengthField.MAX_TOKENS));
        return line.toString();
    }

    /** The result that a line holds; empty if it is none. */
    public static Optional<Result> result(String line) {
        JsonNode row;
        try {
            row = JSON.readTree(line);
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
        JsonNode response = row.path("response");
        if (!row.path("custom_id").isTextual()
                || !response.isObject() && !row.path("error").isObject()) {
            return Optional.empty();
        }
        return Optional.of(new Result(row.get("custom_id").textValue(), answer(row, response)));
    }

    private static Answer answer(JsonNode row, JsonNode response) {
        if (!response.isObject()) {
            JsonNode error = row.path("error");
            return Answer.failed(error.path("message").asText(error.path("code").asText("there is no response")));
        }
        int status = response.path("status_code").asInt(200);
        Outcome outcome =
                new ServerReply(status, Map.of(), response.path("body").toString()).outcome(Instant.EPOCH);
        if (outcome instanceof Answered answered) {
            return answered.answer();
        } else if (outcome instanceof Unanswerable unanswerable) {
            return Answer.failed(unanswerable.why());
        } else if (outcome instanceof Again again) {
            return Answer.failed(again.why());
        }
        return Answer.failed(((Hopeless) outcome).why());
    }
}
