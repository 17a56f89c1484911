package ai.rpo.core.judge;

import ai.rpo.core.judge.Game.Verdict;
import ai.rpo.core.judge.Judgment.Subject;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Reads the judgments of FastChat's llm_judge. Verdicts and scores are taken from the judge's words, and from the fields
 * beside them only where the words are missing. {@code model_1} counts as the baseline.
 */
final class FastChatRows {

    private FastChatRows() {}

    /** @throws IllegalArgumentException saying what is wrong with the row */
    static Annotations.Row pair(ObjectNode row) {
        String model1 = text(row, "model_1");
        String model2 = text(row, "model_2");
        boolean rated = row.path("judge").path(1).asText().startsWith("pair-v1"); // asks for two ratings
        FastChatPrompt prompt = FastChatPrompt.parse(row.path("g1_user_prompt").asText(""));
        List<Game> games = List.of(game(row, "g1", model1, false, rated), game(row, "g2", model2, true, rated));
        int turn = turn(row);
        Subject subject = new Subject(
                id(row),
                turn,
                row.path("category").asText(""),
                prompt.questions(),
                model2,
                model1,
                prompt.answerB(),
                prompt.answerA());
        return new Annotations.Row(
                MtBenchPair.NAME,
                judge(row),
                "",
                new Judgment(subject, games, TwoGames.preference(games), OptionalDouble.empty()));
    }

    /**
     * @param game {@code g1}, where model_1 is shown first, or {@code g2}
     * @param modelIsFirst whether model_2, the one that is measured, is
     */
    private static Game game(ObjectNode row, String game, String first, boolean modelIsFirst, boolean rated) {
        JsonNode words = row.path(game + "_judgment");
        if (words.isTextual()) {
            Verdict verdict = rated
                    ? Verdicts.ofRatings(words.textValue(), modelIsFirst)
                    : Verdicts.ofLetters(words.textValue(), modelIsFirst);
            return Game.ofText(first, verdict, words.textValue());
        }
        Verdict verdict =
                switch (text(row, game + "_winner")) {
                    case "model_1" -> Verdict.BASELINE;
                    case "model_2" -> Verdict.MODEL;
                    case "tie" -> Verdict.TIE;
                    case "error" -> Verdict.UNPARSED;
                    default ->
                        throw new IllegalArgumentException("has the " + game + "_winner " + row.get(game + "_winner"));
                };
        return Game.ofText(first, verdict, "");
    }

    /** @throws IllegalArgumentException saying what is wrong with the row */
    static Annotations.Row single(ObjectNode row) {
        FastChatPrompt prompt = FastChatPrompt.parse(row.path("user_prompt").asText(""));
        Subject subject = new Subject(
                id(row),
                turn(row),
                row.path("category").asText(""),
                prompt.questions(),
                text(row, "model"),
                "",
                prompt.answerA(),
                null);
        String words = text(row, "judgment");
        OptionalDouble score = Verdicts.rating(words);
        Game game = Game.ofText("", score.isPresent() ? Verdict.SCORED : Verdict.UNPARSED, words);
        return new Annotations.Row(
                MtBenchSingle.NAME,
                judge(row),
                "",
                new Judgment(subject, List.of(game), OptionalDouble.empty(), score));
    }

    private static String judge(ObjectNode row) {
        return row.path("judge").path(0).asText("");
    }

    private static String id(ObjectNode row) {
        if (!row.hasNonNull("question_id")) {
            throw new IllegalArgumentException("has no question_id");
        }
        return row.get("question_id").asText();
    }

    private static int turn(ObjectNode row) {
        int turn = row.path("turn").asInt(0);
        if (turn < 1) {
            throw new IllegalArgumentException("has no turn");
        }
        return turn;
    }

    private static String text(ObjectNode row, String field) {
        JsonNode value = row.path(field);
        if (!value.isTextual()) {
            throw new IllegalArgumentException("has no text " + field);
        }
        return value.textValue();
    }
}
