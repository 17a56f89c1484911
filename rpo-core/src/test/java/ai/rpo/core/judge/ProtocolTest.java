package ai.rpo.core.judge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.judge.Answer.Finish;
import ai.rpo.core.judge.Answer.TokenLogprob;
import ai.rpo.core.judge.Game.Verdict;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class ProtocolTest {

    private static final TemplateSettings TEMPLATE = new TemplateSettings(
            Optional.empty(), Optional.of("{question} | {answer_a} | {answer_b}"), "<(\\w)>", "A", "B", "C", 9);

    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_NONE, names = "PROGRAM_.*", value = JudgeProtocol.class)
    void showsTheJudgeEverythingOfAMatch(JudgeProtocol name) {
        Protocol protocol = name.with(JudgePrompts.builtIn(), TEMPLATE);
        for (String category : List.of("writing", "math")) {
            for (int turn = 1; turn <= (protocol.judgesLaterTurns() ? 2 : 1); turn++) {
                Match match = match(category, turn, protocol.isPairwise());
                List<Question> questions = protocol.questions(match);
                for (Question question : questions) {
                    String text = text(question);
                    assertTrue(text.contains("question one") && text.contains("mine one"), text);
                    assertEquals(protocol.isPairwise(), text.contains("theirs one"), text);
                    assertEquals(turn == 2, text.contains("question two") && text.contains("mine two"), text);
                    assertEquals(
                            category.equals("math") && protocol.judgesLaterTurns(), text.contains("right one"), text);
                    assertFalse(text.matches("(?s).*\\{(question|answer|output|ref|instruction)\\w*\\}.*"), text);
                }
                assertEquals(
                        questions.size(),
                        new HashSet<>(questions.stream().map(Question::key).toList()).size());
            }
        }
        assertEquals(64, protocol.promptSha256().length());
    }

    @Test
    void textsThatLookLikePlacesStayAsTheyAre() {
        PromptTemplate template = new PromptTemplate("t", Optional.empty(), "{a} {b} {\"c\": 1} {other}");

        assertEquals(
                "{b} $1 {\"c\": 1} {other}",
                template.fill(java.util.Map.of("a", "{b}", "b", "$1"))
                        .get(0)
                        .fields()
                        .get("content"));
    }

    @ParameterizedTest
    @CsvSource({
        "[[A]], [[B]], 1", // the model stood first, then second
        "[[B]], [[A]], 0",
        "[[A]], [[A]], 0.5",
        "[[A]], [[C]], 0.5", // a win and a tie
        "[[C]], [[C]], 0.5",
        "'[[B]] no, [[A]]', [[B]], 1", // [[A]] is asked for first, wherever it stands
        "[[A]], neither, ",
        "'', [[B]], ",
    })
    void twoGamesCountIfTheyAgree(String first, String second, Double preference) {
        Match match = match("writing", 1, true);
        Judgment judgment = JudgeProtocol.MT_BENCH_PAIR
                .with(JudgePrompts.builtIn(), TEMPLATE)
                .judge(match, List.of(said(first), said(second)));

        assertEquals(
                preference == null ? OptionalDouble.empty() : OptionalDouble.of(preference), judgment.preference());
        assertEquals(
                List.of("mine", "theirs"),
                judgment.games().stream().map(Game::firstShown).toList());
        assertEquals(8, judgment.subject().modelLength());
        assertEquals(10, judgment.subject().baselineLength());
    }

    @ParameterizedTest
    @CsvSource({"Rating: [[7]], 7", "[[7.5]] or [[3]], 7.5", "[6] of 10, 6", "[[10.]], 10", "seven, "})
    void gradesStandInBrackets(String answer, Double score) {
        Judgment judgment = JudgeProtocol.MT_BENCH_SINGLE
                .with(JudgePrompts.builtIn(), TEMPLATE)
                .judge(match("writing", 1, false), List.of(said(answer)));

        assertEquals(score == null ? OptionalDouble.empty() : OptionalDouble.of(score), judgment.score());
        assertEquals(score != null, judgment.isParsed());
    }

    @ParameterizedTest
    @CsvSource({
        "'[[7, 9]]', true, BASELINE",
        "'[[7, 9]]', false, MODEL",
        "'[[7.5,7.4]]', true, TIE",
        "'[8, 2]', true, MODEL",
        "'8 to 2', true, UNPARSED"
    })
    void twoRatingsAreAVerdictToo(String answer, boolean modelIsFirst, Verdict verdict) {
        assertEquals(verdict, Verdicts.ofRatings(answer, modelIsFirst));
    }

    /** Python's random() is 0.51… for this seed; from ½ on the answers are swapped, and the model's stands first. */
    @Test
    void aCoinSeededByTheInstructionOrdersAlpacaEval() {
        assertTrue(AlpacaEval2.isModelFirst("x"));
        Protocol protocol = JudgeProtocol.ALPACA_EVAL_2.with(JudgePrompts.builtIn(), TEMPLATE);
        Match match = new Match(prompt("x", "", List.of()), 1, mine(), Optional.of(theirs()));

        String text = text(protocol.questions(match).get(0));
        assertTrue(text.indexOf("mine one") < text.indexOf("theirs one"), text);

        List<TokenLogprob> top = List.of(
                new TokenLogprob("M", Math.log(0.6)),
                new TokenLogprob(" M", Math.log(0.1)),
                new TokenLogprob("m", Math.log(0.1)),
                new TokenLogprob("The", Math.log(0.1)));
        Judgment judgment = protocol.judge(match, List.of(new Answer("M", top, Finish.LENGTH, "", "judge", 1, 1)));
        assertEquals(0.1 / 0.8, judgment.preference().orElseThrow(), 1e-12);
        assertEquals(0.2, judgment.games().get(0).missingMass(), 1e-12);
        assertEquals(Verdict.BASELINE, judgment.games().get(0).verdict());

        Judgment nothing = protocol.judge(match, List.of(said("The")));
        assertTrue(nothing.preference().isEmpty());
        assertEquals(Verdict.UNPARSED, nothing.games().get(0).verdict());
    }

    @Test
    void nobodyIsAskedAboutTheSameAnswers() {
        Protocol protocol = JudgeProtocol.ALPACA_EVAL_2.with(JudgePrompts.builtIn(), TEMPLATE);
        Match same = new Match(
                prompt("x", "", List.of()), 1, mine(), Optional.of(new Contestant("other", List.of("mine one"))));

        assertEquals(List.of(), protocol.questions(same));
        assertEquals(OptionalDouble.of(0.5), protocol.judge(same, List.of()).preference());
    }

    /** Drawn by Python: random.seed(0); [random.randint(0, 1) for _ in range(16)]. */
    @Test
    void thePaperSwapsByPythonsGenerator() {
        int[] swaps = {1, 1, 0, 1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0, 1, 0};
        Protocol protocol = JudgeProtocol.RPO_PAPER.with(JudgePrompts.builtIn(), TEMPLATE);
        for (int i = swaps.length - 1; i >= 0; i--) { // in whichever order they are asked for
            Match match = new Match(
                    new EvaluationPrompt(i, "p" + i, List.of("q"), "", List.of()), 1, mine(), Optional.of(theirs()));
            String text = text(protocol.questions(match).get(0));
            assertEquals(swaps[i] == 1, text.indexOf("theirs one") < text.indexOf("mine one"), "prompt " + i);
            assertEquals(
                    swaps[i] == 1 ? 0 : 1,
                    protocol.judge(match, List.of(said("so [[A]]")))
                            .preference()
                            .orElseThrow());
        }
    }

    @Test
    void aTemplatesLastVerdictCounts() {
        Protocol protocol = JudgeProtocol.TEMPLATE.with(JudgePrompts.builtIn(), TEMPLATE);
        Match match = match("", 1, true);

        Judgment judgment = protocol.judge(match, List.of(said("<B>, no: <A>"), said("<B>")));
        assertEquals(1, judgment.preference().orElseThrow());
        assertTrue(protocol.judge(match, List.of(said("<A>"), said("<Z>")))
                .preference()
                .isEmpty());
    }

    @Test
    void atemplateNeedsBothAnswersPlaces() {
        RpoException refused = assertThrows(
                RpoException.class,
                () -> JudgeProtocol.TEMPLATE.with(
                        JudgePrompts.builtIn(),
                        new TemplateSettings(
                                Optional.empty(), Optional.of("{question} {answer_a}"), "x", "A", "B", "C", 9)));

        assertEquals(
                "Cannot ask a judge with the template template of rpo.judge.template.user: it has no {answer_b}."
                        + " Write {answer_b} where that text belongs.",
                refused.getMessage());
    }

    @Test
    void promptsMayBeChatMl() {
        JudgePrompts prompts = JudgePrompts.parse(
                "clf.txt",
                "<|im_start|>system\nYou judge.\n<|im_end|>\n<|im_start|>user\n{instruction} {output_1} {\n {output_2}}\n<|im_end|>\n");
        Protocol protocol = JudgeProtocol.ALPACA_EVAL_2.with(prompts, TEMPLATE);
        Question question = protocol.questions(new Match(prompt("x", "", List.of()), 1, mine(), Optional.of(theirs())))
                .get(0);

        assertEquals("You judge.", question.messages().get(0).fields().get("content"));
        assertEquals(
                "x mine one {\n theirs one}",
                question.messages().get(1).fields().get("content"));
    }

    @Test
    void aMathQuestionNeedsARightAnswer() {
        Match match = new Match(prompt("q", "math", List.of()), 1, mine(), Optional.of(theirs()));
        RpoException refused = assertThrows(RpoException.class, () -> JudgeProtocol.MT_BENCH_PAIR
                .with(JudgePrompts.builtIn(), TEMPLATE)
                .questions(match));

        assertTrue(refused.getMessage().contains("rpo.judge.references"), refused.getMessage());
    }

    private static Match match(String category, int turn, boolean pair) {
        EvaluationPrompt prompt = new EvaluationPrompt(
                0, "81", List.of("question one", "question two"), category, List.of("right one", "right two"));
        return new Match(prompt, turn, mine(), pair ? Optional.of(theirs()) : Optional.empty());
    }

    private static EvaluationPrompt prompt(String turn, String category, List<String> references) {
        return new EvaluationPrompt(0, "0", List.of(turn), category, references);
    }

    private static Contestant mine() {
        return new Contestant("mine", List.of("mine one", "mine two"));
    }

    private static Contestant theirs() {
        return new Contestant("theirs", List.of("theirs one", "theirs two"));
    }

    private static Answer said(String text) {
        return new Answer(text, List.of(), Finish.STOP, "", "judge", 1, 1);
    }

    private static String text(Question question) {
        List<String> texts = new ArrayList<>();
        question.messages().forEach(m -> texts.add((String) m.fields().get("content")));
        return String.join("\n", texts);
    }
}
