package ai.rpo.core.judge;

import ai.rpo.core.judge.Answer.TokenLogprob;
import ai.rpo.core.judge.Judgment.Subject;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/** Reads AlpacaEval's {@code annotations.json}: output_1 is the baseline's answer, and preferences lie in [1, 2]. */
final class AlpacaEvalRows {

    private AlpacaEvalRows() {}

    /**
     * @param ordinal the row's place in its file, from 0
     * @throws IllegalArgumentException saying what is wrong with the row
     */
    static Annotations.Row row(ObjectNode row, int ordinal) {
        String instruction = text(row, "instruction");
        Subject subject = new Subject(
                String.valueOf(ordinal),
                1,
                row.path("dataset").asText(""),
                List.of(instruction),
                row.path("generator_2").asText("model"),
                row.path("generator_1").asText("baseline"),
                text(row, "output_2"),
                text(row, "output_1"));
        OptionalDouble preference = preference(row.get("preference"));
        JsonNode raw = row.path("raw_completion");
        List<TokenLogprob> top = topLogprobs(raw);
        boolean modelIsFirst = AlpacaEval2.isModelFirst(instruction);
        List<Game> games = top.isEmpty()
                ? List.of()
                : List.of(AlpacaEval2.game(
                        modelIsFirst ? subject.model() : subject.baseline(),
                        preference,
                        raw.path("text")
                                .asText(raw.path("message").path("content").asText("")),
                        top));
        return new Annotations.Row(
                AlpacaEval2.NAME,
                row.path("annotator").asText(""),
                "",
                new Judgment(subject, games, preference, OptionalDouble.empty()));
    }

    /** The first token's likeliest candidates; none where the row has no completion. */
    static List<TokenLogprob> topLogprobs(JsonNode completion) {
        List<TokenLogprob> top = new ArrayList<>();
        for (JsonNode token :
                completion.path("logprobs").path("content").path(0).path("top_logprobs")) {
            top.add(new TokenLogprob(
                    token.path("token").asText(), token.path("logprob").asDouble()));
        }
        return top;
    }

    /** Reads a preference of 1 to 2, where 0 is an old sign for a draw. */
    private static OptionalDouble preference(JsonNode given) {
        if (given.isNull() || given.isDouble() && Double.isNaN(given.doubleValue())) {
            return OptionalDouble.empty();
        }
        double preference = given.asDouble();
        if (!given.isNumber() || preference != 0 && (preference < 1 || preference > 2)) {
            throw new IllegalArgumentException("has the preference " + given + ", which is not from 1 to 2");
        }
        return OptionalDouble.of(preference == 0 ? 0.5 : preference - 1);
    }

    private static String text(ObjectNode row, String field) {
        JsonNode value = row.path(field);
        if (!value.isTextual()) {
            throw new IllegalArgumentException("has no text " + field);
        }
        return value.textValue();
    }
}
