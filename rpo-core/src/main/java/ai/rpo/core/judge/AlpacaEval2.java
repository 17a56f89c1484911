package ai.rpo.core.judge;

import ai.rpo.core.judge.Answer.TokenLogprob;
import ai.rpo.core.judge.Game.Verdict;
import ai.rpo.core.judge.Question.Options;
import ai.rpo.core.random.PythonRandom;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * AlpacaEval 2's weighted comparison: the share of probability that the judge's first token gives to either answer, in
 * an order that a coin seeded by the instruction decides.
 */
final class AlpacaEval2 implements Protocol {

    static final String NAME = "alpaca-eval-2";

    /** Names the answer shown first, and the other. */
    static final List<String> LABELS = List.of("m", "M");

    private static final Options OPTIONS = new Options(1, 1, LABELS);

    private final PromptTemplate template;

    AlpacaEval2(JudgePrompts prompts) {
        template = prompts.get(JudgePrompts.ALPACA_EVAL, "instruction", "output_1", "output_2");
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String promptSha256() {
        return JudgePrompts.sha256(List.of(template));
    }

    @Override
    public boolean isPairwise() {
        return true;
    }

    @Override
    public boolean judgesLaterTurns() {
        return false;
    }

    /** Asks nobody about answers that are the same, which are a tie. */
    @Override
    public List<Question> questions(Match match) {
        if (match.isIdentical()) {
            return List.of();
        }
        boolean modelIsFirst = isModelFirst(match.prompt().turns().get(0));
        String model = match.model().answers().get(0);
        String baseline = match.baseline().orElseThrow().answers().get(0);
        return List.of(new Question(
                match.key(),
                template.fill(Map.of(
                        "instruction", match.prompt().turns().get(0),
                        "output_1", modelIsFirst ? model : baseline,
                        "output_2", modelIsFirst ? baseline : model)),
                OPTIONS));
    }

    @Override
    public Judgment judge(Match match, List<Answer> answers) {
        if (answers.isEmpty()) {
            return Judgment.ofPair(match, List.of(), OptionalDouble.of(0.5));
        }
        boolean modelIsFirst = isModelFirst(match.prompt().turns().get(0));
        Answer answer = answers.get(0);
        Contestant shown = modelIsFirst ? match.model() : match.baseline().orElseThrow();
        OptionalDouble preference = preference(answer.topLogprobs(), modelIsFirst);
        return Judgment.ofPair(
                match,
                List.of(game(shown.name(), preference, Answers.words(answer), answer.topLogprobs())),
                preference);
    }

    static Game game(String firstShown, OptionalDouble preference, String words, List<TokenLogprob> top) {
        return new Game(
                firstShown,
                verdict(preference),
                words,
                top,
                top.isEmpty() ? 0 : LabelMass.of(top, LABELS).missing());
    }

    private static Verdict verdict(OptionalDouble preference) {
        if (preference.isEmpty()) {
            return Verdict.UNPARSED;
        }
        double given = preference.getAsDouble();
        return given == 0.5 ? Verdict.TIE : given > 0.5 ? Verdict.MODEL : Verdict.BASELINE;
    }

    /** Gives the preference for the model, in [0, 1]. */
    static OptionalDouble preference(List<TokenLogprob> top, boolean modelIsFirst) {
        OptionalDouble first = LabelMass.of(top, LABELS).shareOfFirst();
        return modelIsFirst || first.isEmpty() ? first : OptionalDouble.of(1 - first.getAsDouble());
    }

    /** Tells whether AlpacaEval with its seed 0 swaps the two answers, which shows the model's first. */
    static boolean isModelFirst(String instruction) {
        return PythonRandom.seeded("is_switched_outputs" + instruction + "0").choice(2) == 1;
    }
}
