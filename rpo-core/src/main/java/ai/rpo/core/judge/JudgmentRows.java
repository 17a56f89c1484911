package ai.rpo.core.judge;

import ai.rpo.core.judge.Answer.TokenLogprob;
import ai.rpo.core.judge.Game.Verdict;
import ai.rpo.core.judge.Judgment.Subject;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** Judgments as lines of JSON, and back: what {@code rpo judge} writes, which it counts again without a judge. */
public final class JudgmentRows {

    private static final ObjectMapper JSON = new ObjectMapper();

    private JudgmentRows() {}

    /** One line for each judgment, each with what it was made by. */
    public static String lines(Annotations annotations) {
        StringBuilder lines = new StringBuilder();
        annotations.judgments().forEach(judgment -> lines.append(line(annotations, judgment))
                .append('\n'));
        return lines.toString();
    }

    private static ObjectNode line(Annotations made, Judgment judgment) {
        Subject subject = judgment.subject();
        ObjectNode row = JSON.createObjectNode();
        row.put("protocol", made.protocol());
        row.put("judge", made.judge());
        row.put("prompt_sha256", made.promptSha256());
        row.put("prompt_id", subject.promptId());
        row.put("turn", subject.turn());
        row.put("category", subject.category());
        row.put("model", subject.model());
        row.put("baseline", subject.isPairwise() ? subject.baseline() : null);
        put(row, "preference", judgment.preference());
        put(row, "score", judgment.score());
        ArrayNode games = row.putArray("games");
        judgment.games().forEach(game -> games.add(game(game)));
        subject.prompt().forEach(row.putArray("prompt")::add);
        row.put("model_answer", subject.modelAnswer());
        row.put("baseline_answer", subject.baselineAnswer());
        return row;
    }

    private static void put(ObjectNode row, String field, OptionalDouble value) {
        if (value.isPresent()) {
            row.put(field, value.getAsDouble());
        } else {
            row.putNull(field);
        }
    }

    private static ObjectNode game(Game game) {
        ObjectNode node = JSON.createObjectNode();
        node.put("first_shown", game.firstShown());
        node.put("verdict", game.verdict().name().toLowerCase(Locale.ROOT));
        node.put("answer", game.answer());
        if (!game.topLogprobs().isEmpty()) {
            node.put("missing_mass", game.missingMass());
            ArrayNode top = node.putArray("top_logprobs");
            game.topLogprobs()
                    .forEach(
                            token -> top.addObject().put("token", token.token()).put("logprob", token.logprob()));
        }
        return node;
    }

    /** @throws IllegalArgumentException saying what is wrong with the row */
    static Annotations.Row row(ObjectNode row) {
        List<String> prompt = new ArrayList<>();
        row.path("prompt").forEach(turn -> prompt.add(turn.asText()));
        Subject subject = new Subject(
                required(row, "prompt_id").asText(),
                required(row, "turn").asInt(),
                row.path("category").asText(""),
                prompt,
                required(row, "model").asText(),
                row.path("baseline").isTextual() ? row.get("baseline").textValue() : "",
                row.path("model_answer").textValue(),
                row.path("baseline_answer").textValue());
        List<Game> games = new ArrayList<>();
        row.path("games").forEach(game -> games.add(game(game)));
        Judgment judgment = new Judgment(subject, games, number(row, "preference"), number(row, "score"));
        return new Annotations.Row(
                row.path("protocol").asText(),
                row.path("judge").asText(),
                row.path("prompt_sha256").asText(),
                judgment);
    }

    private static Game game(JsonNode game) {
        List<TokenLogprob> top = new ArrayList<>();
        game.path("top_logprobs")
                .forEach(token -> top.add(new TokenLogprob(
                        token.path("token").asText(), token.path("logprob").asDouble())));
        String verdict = game.path("verdict").asText();
        return new Game(
                game.path("first_shown").asText(""),
                Arrays.stream(Verdict.values())
                        .filter(known -> known.name().toLowerCase(Locale.ROOT).equals(verdict))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException("has the verdict " + verdict)),
                game.path("answer").asText(""),
                top,
                game.path("missing_mass").asDouble());
    }

    private static OptionalDouble number(ObjectNode row, String field) {
        return row.path(field).isNumber() ? OptionalDouble.of(row.get(field).doubleValue()) : OptionalDouble.empty();
    }

    private static JsonNode required(ObjectNode row, String field) {
        if (!row.hasNonNull(field)) {
            throw new IllegalArgumentException("has no " + field);
        }
        return row.get(field);
    }
}
