package ai.rpo.core.judge;

import ai.rpo.core.judge.Game.Verdict;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** MT-Bench's grading of answers alone, from 1 to 10. */
final class MtBenchSingle implements Protocol {

    static final String NAME = "mt-bench-single";

    private final MtBench prompts;

    MtBenchSingle(JudgePrompts prompts) {
        this.prompts =
                new MtBench(prompts, "single-v1", "single-math-v1", List.of("answer"), List.of("answer_1", "answer_2"));
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
        return false;
    }

    @Override
    public boolean judgesLaterTurns() {
        return true;
    }

    @Override
    public List<Question> questions(Match match) {
        Map<String, String> places = MtBench.places(match.prompt());
        MtBench.putAnswers(places, "answer", match.model());
        return List.of(new Question(
                match.key(), prompts.template(match.prompt(), match.turn()).fill(places), MtBench.OPTIONS));
    }

    @Override
    public Judgment judge(Match match, List<Answer> answers) {
        OptionalDouble score = Verdicts.rating(answers.get(0).text());
        Verdict verdict = score.isPresent() ? Verdict.SCORED : Verdict.UNPARSED;
        return Judgment.ofSingle(match, Game.ofText("", verdict, Answers.words(answers.get(0))), score);
    }
}
