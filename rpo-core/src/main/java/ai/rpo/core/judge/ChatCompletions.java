package ai.rpo.core.judge;

import ai.rpo.core.judge.Answer.Finish;
import ai.rpo.core.judge.Answer.TokenLogprob;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Writes and reads the JSON of OpenAI's chat-completions protocol, which most servers of language models speak. */
public final class ChatCompletions {

    /** First tokens whose log-probabilities are asked for, as AlpacaEval 2 does. */
    public static final int TOP_LOGPROBS = 5;

    private static final ObjectMapper JSON = new ObjectMapper();

    private ChatCompletions() {}

    /** Says how a server calls the greatest length of an answer. */
    public enum LengthField {
        MAX_TOKENS("max_tokens"),
        /** Is the name at servers that call the other one outdated. */
        MAX_COMPLETION_TOKENS("max_completion_tokens");

        private final String key;

        LengthField(String key) {
            this.key = key;
        }

        public String key() {
            return key;
        }
    }

    /** The body of a request. */
    public static ObjectNode request(String model, Question question, LengthField length) {
        ObjectNode body = JSON.createObjectNode();
        body.put("model", model);
        ArrayNode messages = body.putArray("messages");
        question.messages().forEach(message -> messages.add(JSON.valueToTree(message.fields())));
        body.put("temperature", question.options().temperature());
        body.put(length.key, question.options().maxTokens());
        if (!question.options().labels().isEmpty()) {
            body.put("logprobs", true);
            body.put("top_logprobs", TOP_LOGPROBS);
        }
        return body;
    }

    /** The first choice of a response; empty if there is none that can be read. */
    static Optional<Answer> answer(JsonNode response) {
        JsonNode choice = response.path("choices").path(0);
        JsonNode message = choice.path("message");
        if (!message.isObject()) {
            return Optional.empty();
        }
        String refusal = message.path("refusal").asText("");
        boolean refused = message.path("refusal").isTextual() && !refusal.isEmpty();
        return Optional.of(new Answer(
                text(message.path("content")),
                topLogprobs(choice.path("logprobs").path("content").path(0)),
                refused ? Finish.REFUSAL : finish(choice.path("finish_reason").asText()),
                refused ? refusal : "",
                response.path("model").asText(""),
                response.path("usage").path("prompt_tokens").asLong(),
                response.path("usage").path("completion_tokens").asLong()));
    }

    /** Some servers give the text in parts. */
    private static String text(JsonNode content) {
        if (content.isArray()) {
            StringBuilder text = new StringBuilder();
            content.forEach(part -> text.append(part.path("text").asText("")));
            return text.toString();
        }
        return content.isTextual() ? content.textValue() : "";
    }

    private static List<TokenLogprob> topLogprobs(JsonNode first) {
        List<TokenLogprob> top = new ArrayList<>();
        for (JsonNode token : first.path("top_logprobs")) {
            if (token.path("token").isTextual() && token.path("logprob").isNumber()) {
                top.add(new TokenLogprob(
                        token.get("token").textValue(), token.get("logprob").doubleValue()));
            }
        }
        return top;
    }

    private static Finish finish(String reason) {
        return switch (reason) {
            case "length" -> Finish.LENGTH;
            case "content_filter" -> Finish.CONTENT_FILTER;
            default -> Finish.STOP;
        };
    }
}
