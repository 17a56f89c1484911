package ai.rpo.core.judge;

import ai.rpo.core.RpoException;
import ai.rpo.core.judge.Game.Verdict;
import ai.rpo.core.judge.Question.Options;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A user's own question and verdict: two games, the second with the answers swapped. */
final class TemplateProtocol implements Protocol {

    static final String NAME = "template";

    private final PromptTemplate template;
    private final TemplateSettings settings;
    private final Pattern verdict;
    private final Options options;

    /** @throws RpoException where the template lacks a place */
    TemplateProtocol(TemplateSettings settings) {
        String user = settings.user()
                .orElseThrow(() -> RpoException.configuration("Cannot ask a judge with the protocol template:"
                        + " rpo.judge.template.user has no value. Give the text of the question there."));
        this.settings = settings;
        template = new PromptTemplate(NAME, settings.system(), user);
        JudgePrompts.requirePlaces("rpo.judge.template.user", template, "question", "answer_a", "answer_b");
        verdict = Pattern.compile(settings.verdict());
        options = new Options(settings.maxTokens(), 0, List.of());
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
        Contestant baseline = match.baseline().orElseThrow();
        return List.of(question(match, "1", match.model(), baseline), question(match, "2", baseline, match.model()));
    }

    private Question question(Match match, String game, Contestant a, Contestant b) {
        return new Question(
                match.key() + "/" + game,
                template.fill(Map.of(
                        "question", match.prompt().turns().get(0),
                        "answer_a", a.answers().get(0),
                        "answer_b", b.answers().get(0))),
                options);
    }

    @Override
    public Judgment judge(Match match, List<Answer> answers) {
        List<Game> games = new ArrayList<>();
        for (int i = 0; i < answers.size(); i++) {
            boolean modelIsFirst = i == 0;
            Contestant shown = modelIsFirst ? match.model() : match.baseline().orElseThrow();
            Verdict said = verdict(answers.get(i).text(), modelIsFirst);
            games.add(Game.ofText(shown.name(), said, Answers.words(answers.get(i))));
        }
        return Judgment.ofPair(match, games, TwoGames.preference(games));
    }

    private Verdict verdict(String answer, boolean modelIsFirst) {
        String said = null;
        Matcher matcher = verdict.matcher(answer);
        while (matcher.find()) {
            said = matcher.groupCount() == 0 ? matcher.group() : matcher.group(1);
        }
        if (settings.tie().equals(said)) {
            return Verdict.TIE;
        }
        return settings.first().equals(said) || settings.second().equals(said)
                ? Verdicts.winner(settings.first().equals(said), modelIsFirst)
                : Verdict.UNPARSED;
    }
}
