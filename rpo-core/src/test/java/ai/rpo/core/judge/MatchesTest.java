package ai.rpo.core.judge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.judge.Answer.Finish;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MatchesTest {

    private static final TemplateSettings TEMPLATE = new TemplateSettings(
            Optional.empty(), Optional.of("{question} {answer_a} {answer_b}"), "\\w", "A", "B", "C", 9);
    private static final Protocol PAIR = JudgeProtocol.MT_BENCH_PAIR.with(JudgePrompts.builtIn(), TEMPLATE);
    private static final Protocol SINGLE = JudgeProtocol.MT_BENCH_SINGLE.with(JudgePrompts.builtIn(), TEMPLATE);

    /** The same two prompts in every layout, in another order. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    [{"instruction": "q2", "output": "b2", "generator": "x"}, {"instruction": "q1", "output": "b1"}]
                    {"prompt": "q2", "completion": "b2"} {"prompt": "q1", "completion": "b1", "ordinal": 0}
                    {"prompt": [{"role": "user", "content": "q2"}], "completion": "b2"} {"prompt": "q1", "completion": [{"role": "assistant", "content": "b1"}]}
                    {"turns": ["q2"], "choices": [{"turns": ["b2"]}]} {"turns": ["q1"], "choices": [{"turns": ["b1"]}]}
                    """)
    void joinsLayoutsByPrompt(String rows) {
        Candidate a = candidate(
                "a", "{\"prompt\": \"q1\", \"completion\": \"a1\"}{\"prompt\": \"q2\", \"completion\": \"\"}");
        Matches matches = Matches.of(PAIR, List.of(candidate("b", rows), a), Optional.of("a"), List.of(), false);

        assertEquals(2, matches.matches().size());
        Match first = matches.matches().get(0);
        assertEquals(List.of("q1"), first.prompt().turns());
        assertEquals("b", first.model().name());
        assertEquals(List.of("b1"), first.model().answers());
        assertEquals(List.of("a1"), first.baseline().orElseThrow().answers());
        assertEquals(
                List.of(""), matches.matches().get(1).baseline().orElseThrow().answers(), "an answer may be empty");
    }

    @Test
    void joinsMtBenchAnswersByTheirQuestions() {
        List<EvaluationPrompt> questions = QuestionRows.read(
                "question.jsonl",
                JsonRows.read(
                        "question.jsonl",
                        bytes("{\"question_id\": 81, \"category\": \"math\", \"turns\": [\"q1\", \"q2\"]}")),
                JsonRows.read(
                        "gpt-4.jsonl",
                        bytes("{\"question_id\": 81, \"choices\": [{\"index\": 0, \"turns\": [\"r1\", \"r2\"]}]}")));
        Candidate a = candidate("a", "{\"question_id\": 81, \"choices\": [{\"turns\": [\"a1\", \"a2\"]}]}");
        Matches matches = Matches.of(SINGLE, List.of(a), Optional.empty(), questions, false);

        assertEquals(2, matches.matches().size());
        assertEquals(List.of("r1", "r2"), matches.matches().get(1).prompt().references());
        assertEquals(2, matches.matches().get(1).turn());
        assertRefused(
                () -> Matches.of(SINGLE, List.of(a), Optional.empty(), List.of(), false),
                "Cannot judge the answers of a: they name their questions by question_id alone. Name the file of"
                        + " questions in rpo.judge.questions.");
    }

    @Test
    void everyTwoAreComparedWithoutABaseline() {
        String rows = "{\"prompt\": \"q\", \"completion\": \"x\"}";
        Matches matches = Matches.of(
                PAIR,
                List.of(candidate("a", rows), candidate("b", rows), candidate("c", rows)),
                Optional.empty(),
                List.of(),
                false);

        assertEquals(
                List.of("b a", "c a", "c b"),
                matches.matches().stream()
                        .map(match -> match.model().name() + " "
                                + match.baseline().orElseThrow().name())
                        .toList());
    }

    @Test
    void namesWhatOnlyOneOfThemAnswers() {
        Candidate a = candidate(
                "a", "{\"prompt\": \"both\", \"completion\": \"1\"}{\"prompt\": \"mine\", \"completion\": \"1\"}");
        Candidate b = candidate(
                "b", "{\"prompt\": \"both\", \"completion\": \"2\"}{\"prompt\": \"yours\", \"completion\": \"2\"}");

        assertRefused(
                () -> Matches.of(PAIR, List.of(a, b), Optional.of("a"), List.of(), false),
                "Cannot compare answers to different prompts: b has no whole answer to 1 prompt (\"mine\"); b answers 1"
                        + " prompt (\"yours\"), which nobody else was asked. Let them answer the same prompts, or set"
                        + " rpo.judge.allow-missing = true to leave these out.");
        Matches allowed = Matches.of(PAIR, List.of(a, b), Optional.of("a"), List.of(), true);
        assertEquals(1, allowed.matches().size());
        assertEquals(1, allowed.leftOut());
        Candidate c = candidate("c", "{\"prompt\": \"other\", \"completion\": \"2\"}");
        RpoException none = assertThrows(
                RpoException.class, () -> Matches.of(PAIR, List.of(a, c), Optional.of("a"), List.of(), true));
        assertTrue(none.getMessage().contains("No prompt is common to all"), none.getMessage());
    }

    @Test
    void refusesAPromptTwice() {
        assertRefused(
                () -> candidate(
                        "a", "{\"prompt\": \"q\", \"completion\": \"1\"}{\"prompt\": \"q\", \"completion\": \"2\"}"),
                "Cannot use the answers of a: rows 1 and 2 of a.jsonl answer the same prompt, \"q\". Leave one answer to"
                        + " each prompt; rpo generate writes one where rpo.generate.samples-per-prompt is 1.");
    }

    @Test
    void refusesRowsThatAreNoAnswers() {
        assertRefused(
                () -> candidate("a", "{\"prompt\": \"q\", \"chosen\": \"1\"}"),
                "Cannot use the answers of a: row 1 of a.jsonl has only the fields chosen, prompt. A row has prompt and"
                        + " completion, instruction and output, or question_id and choices.");
    }

    @Test
    void answersComeBackByTheirKeys() {
        Candidate a = candidate("a", "{\"prompt\": \"q\", \"completion\": \"1\"}");
        Candidate b = candidate("b", "{\"prompt\": \"q\", \"completion\": \"2\"}");
        Matches matches = Matches.of(PAIR, List.of(a, b), Optional.of("a"), List.of(), false);
        Map<String, Answer> answers = new HashMap<>();
        matches.questions(PAIR)
                .forEach(question ->
                        answers.put(question.key(), new Answer("[[C]]", List.of(), Finish.STOP, "", "judge", 1, 1)));

        Annotations made = matches.judge(PAIR, "judge", answers);
        assertEquals(0.5, made.judgments().get(0).preference().orElseThrow());
        answers.remove(matches.questions(PAIR).get(1).key());
        Judgment half = matches.judge(PAIR, "judge", answers).judgments().get(0);
        assertTrue(half.preference().isEmpty());
        assertEquals("the judge was not asked", half.games().get(1).answer());
    }

    private static void assertRefused(Executable work, String message) {
        assertEquals(message, assertThrows(RpoException.class, work).getMessage());
    }

    private static Candidate candidate(String name, String rows) {
        return Candidate.read(name, name + ".jsonl", JsonRows.read(name + ".jsonl", bytes(rows)));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
