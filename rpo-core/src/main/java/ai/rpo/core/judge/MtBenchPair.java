package ai.rpo.core.judge;

import ai.rpo.core.judge.Game.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** MT-Bench's pairwise comparison: two games, the second with the answers swapped. */
final class MtBenchPair implements Protocol {

    static final String NAME = "mt-bench-pair";

    private final MtBench prompts;

    MtBenchPair(JudgePrompts prompts) {
        this.prompts = new MtBench(
                prompts,
                "pair-v2",
                "pair-math-v1",
                List.of("answer_a", "answer_b"),
                List.of("answer_a_1", "answer_a_2", "answer_b_1", "answer_b_2"));
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String promptSha256() {
        return prompts.sha256();
    }

    @Override
    public boolean isPairwise() {
        return true;
    }

    @Override
    public boolean judgesLaterTurns() {
        return true;
    }

    @Override
    public List<Question> questions(Match match) {
        Contestant baseline = match.baseline().orElseThrow();
        return List.of(question(match, "1", match.model(), baseline), question(match, "2", baseline, match.model()));
    }

    private Question question(Match match, String game, Contestant a, Contestant b) {
        Map<String, String> places = MtBench.places(match.prompt());
        MtBench.putAnswers(places, "answer_a", a);
        MtBench.putAnswers(places, "answer_b", b);
        return new Question(
                match.key() + "/" + game,
                prompts.template(match.prompt(), match.turn()).fill(places),
                MtBench.OPTIONS);
    }

    @Override
    public Judgment judge(Match match, List<Answer> answers) {
        List<Game> games = new ArrayList<>();
        for (int i = 0; i < answers.size(); i++) {
            boolean modelIsFirst = i == 0;
            String text = answers.get(i).text();
            Contestant shown = modelIsFirst ? match.model() : match.baseline().orElseThrow();
            Verdict verdict = Verdicts.ofLetters(text, modelIsFirst);
            games.add(Game.ofText(shown.name(), verdict, Answers.words(answers.get(i))));
        }
        return Judgment.ofPair(match, games, TwoGames.preference(games));
    }
}
