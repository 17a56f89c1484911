package ai.rpo.core.judge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** Verdicts on several answers to a prompt as a reward of each. */
class SamplesTest {

    private static final Protocol PAIR = JudgeProtocol.PROGRAM_PAIR.with(JudgePrompts.builtIn(), noTemplate());
    private static final Protocol SINGLE = JudgeProtocol.PROGRAM_SINGLE.with(JudgePrompts.builtIn(), noTemplate());

    @Test
    void completionsAreGroupedByPromptWithTheirRightAnswers() {
        List<Samples> read = Samples.read("here", rows("""
                        {"ordinal": 7, "sample": 1, "prompt": "1+1=", "completion": "3"}
                        {"ordinal": 2, "sample": 0, "prompt": [{"role": "user", "content": "Hi"}], "completion": "Ho"}
                        {"ordinal": 7, "sample": 0, "prompt": "1+1=", "completion": "2"}
                        """), Samples.references("there", rows("""
                        {"prompt": "1+1=", "reference": "2"}
                        {"prompt": "1+1=", "reference": "2"}
                        {"prompt": "2+2="}
                        """)));
        assertEquals(2, read.size());
        assertEquals(List.of("Hi"), read.get(0).prompt().turns());
        assertEquals(List.of(), read.get(0).prompt().references());
        assertEquals(7, read.get(1).ordinal());
        assertEquals(List.of(0, 1), read.get(1).numbers());
        assertEquals(List.of("2", "3"), read.get(1).answers());
        assertEquals(List.of("2"), read.get(1).prompt().references());
    }

    @Test
    void whatCannotBeJudgedIsRefused() {
        RpoException noText = assertThrows(
                RpoException.class,
                () -> Samples.read("here", rows("{\"ordinal\": 3, \"sample\": 0, \"prompt_ids\": [1]}"), Map.of()));
        assertTrue(noText.getMessage().contains("the row with ordinal 3 lacks a text"), noText.getMessage());
        RpoException two = assertThrows(RpoException.class, () -> Samples.references("there", rows("""
                {"prompt": "a", "reference": "2"}
                {"prompt": "a", "reference": "3"}
                """)));
        assertTrue(two.getMessage().contains("has two, [2] and [3]"), two.getMessage());
    }

    /** Of four answers the first beats the second and the third, ties with its twin, the last; one verdict is missing. */
    @Test
    void anAnswerIsWorthTheShareOfTheOthersItWinsAgainst() {
        Samples samples = samples("a", "b", "c", "a");
        List<Match> matches = samples.matches(PAIR);
        assertEquals(5, matches.size(), "twins are not asked about");
        List<Judgment> judgments = matches.stream()
                .map(match -> {
                    String one = match.model().name();
                    String other = match.baseline().orElseThrow().name();
                    return switch (one + other) {
                        case "01", "02" -> judgment(match, 1);
                        case "12" -> judgment(match, Double.NaN);
                        case "13" -> judgment(match, 0);
                        default -> judgment(match, 0.5);
                    };
                })
                .toList();
        assertRewards(List.of((1 + 1 + 0.5) / 3, 0.0, (0 + 0.5) / 2, (1 + 0.5 + 0.5) / 3), samples.rewards(judgments));
    }

    @Test
    void answersThatAreAllTheSameAreWorthTheSame() {
        Samples samples = samples("a", "a");
        assertEquals(List.of(), samples.matches(PAIR));
        assertRewards(List.of(0.5, 0.5), samples.rewards(List.of()));
    }

    @Test
    void aGradeIsAReward() {
        Samples samples = samples("1", "x");
        List<Match> matches = samples.matches(SINGLE);
        assertEquals(2, matches.size());
        List<Judgment> judgments = List.of(
                SINGLE.judge(matches.get(0), List.of(ProgramProtocol.answer("v", new Verifier.Grade(0.25, "")))),
                SINGLE.judge(matches.get(1), List.of(Answer.failed("gone"))));
        List<OptionalDouble> rewards = samples.rewards(judgments);
        assertEquals(0.25, rewards.get(0).orElseThrow());
        assertTrue(rewards.get(1).isEmpty());
    }

    private static void assertRewards(List<Double> expected, List<OptionalDouble> actual) {
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
            assertEquals(expected.get(i), actual.get(i).orElseThrow(), 1e-12, "sample " + i);
        }
    }

    private static Judgment judgment(Match match, double preference) {
        return Judgment.ofPair(
                match, List.of(), Double.isNaN(preference) ? OptionalDouble.empty() : OptionalDouble.of(preference));
    }

    private static Samples samples(String... answers) {
        return new Samples(
                0,
                new EvaluationPrompt(0, "0", List.of("q"), "", List.of()),
                java.util.stream.IntStream.range(0, answers.length).boxed().toList(),
                List.of(answers));
    }

    private static List<ObjectNode> rows(String lines) {
        return JsonRows.read("test", lines.getBytes(StandardCharsets.UTF_8));
    }

    private static TemplateSettings noTemplate() {
        return new TemplateSettings(Optional.empty(), Optional.empty(), "x", "1", "2", "3", 1);
    }
}
