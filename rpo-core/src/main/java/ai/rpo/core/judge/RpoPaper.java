package ai.rpo.core.judge;

import ai.rpo.core.judge.Game.Verdict;
import ai.rpo.core.preference.Message;
import ai.rpo.core.random.PythonRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Judges as the authors of RPO (arXiv 2405.16436) do on the test split: one game, in an order that Python's
 * generator with seed 0 draws prompt after prompt, and MT-Bench's question in one message.
 */
final class RpoPaper implements Protocol {

    static final String NAME = "rpo-paper";

    private static final Pattern VERDICT = Pattern.compile("\\[\\[([ABC])\\]\\]");

    private final PromptTemplate template;
    private final List<Boolean> swaps = new ArrayList<>();
    private final PythonRandom coin = PythonRandom.seeded(0);

    RpoPaper(JudgePrompts prompts) {
        PromptTemplate pair = prompts.get("pair-v2", "question", "answer_a", "answer_b");
        String text = pair.system().map(system -> system + "\n\n").orElse("")
                + pair.user().replace("[User Question]", "[Instruction]");
        template = new PromptTemplate(NAME, Optional.empty(), text);
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

    @Override
    public List<Question> questions(Match match) {
        boolean swapped = isSwapped(match.prompt().ordinal());
        String model = match.model().answers().get(0);
        String baseline = match.baseline().orElseThrow().answers().get(0);
        List<Message> messages = template.fill(Map.of(
                "question", match.prompt().turns().get(0),
                "answer_a", swapped ? baseline : model,
                "answer_b", swapped ? model : baseline));
        return List.of(new Question(match.key(), messages, MtBench.OPTIONS));
    }

    @Override
    public Judgment judge(Match match, List<Answer> answers) {
        boolean modelIsFirst = !isSwapped(match.prompt().ordinal());
        String baseline = match.baseline().orElseThrow().name();
        Verdict verdict = verdict(answers.get(0).text(), modelIsFirst);
        Game game = Game.ofText(modelIsFirst ? match.model().name() : baseline, verdict, Answers.words(answers.get(0)));
        return Judgment.ofPair(match, List.of(game), preference(verdict));
    }

    private static Verdict verdict(String answer, boolean modelIsFirst) {
        Matcher verdict = VERDICT.matcher(answer);
        if (!verdict.find()) {
            return Verdict.UNPARSED;
        }
        return verdict.group(1).equals("C")
                ? Verdict.TIE
                : Verdicts.winner(verdict.group(1).equals("A"), modelIsFirst);
    }

    private static OptionalDouble preference(Verdict verdict) {
        return TwoGames.preference(List.of(Game.ofText("", verdict, "")));
    }

    private synchronized boolean isSwapped(int ordinal) {
        while (swaps.size() <= ordinal) {
            swaps.add(coin.between(0, 1) == 1);
        }
        return swaps.get(ordinal);
    }
}
