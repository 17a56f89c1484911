package ai.rpo.core.judge;

import ai.rpo.core.judge.Game.Verdict;
import ai.rpo.core.judge.Question.Options;
import ai.rpo.core.judge.Verifier.Grade;
import ai.rpo.core.judge.Verifier.Submission;
import ai.rpo.core.preference.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Has a {@link Verifier} grade each answer by itself, from 0 to 1; against a baseline, the higher grade wins. A
 * question is the conversation to be graded, and the right answer as the message of a role of its own.
 */
public final class ProgramProtocol implements Protocol {

    private static final String REFERENCE = "reference";
    private static final Options OPTIONS = new Options(1, 0, List.of());

    private final boolean pairwise;

    ProgramProtocol(boolean pairwise) {
        this.pairwise = pairwise;
    }

    @Override
    public String name() {
        return pairwise ? "program-pair" : "program-single";
    }

    /** Is of no text. */
    @Override
    public String promptSha256() {
        return JudgePrompts.sha256(List.of());
    }

    @Override
    public boolean isPairwise() {
        return pairwise;
    }

    @Override
    public boolean judgesLaterTurns() {
        return true;
    }

    @Override
    public List<Question> questions(Match match) {
        List<Question> questions = new ArrayList<>();
        questions.add(question(match, match.model()));
        match.baseline().ifPresent(baseline -> questions.add(question(match, baseline)));
        return questions;
    }

    private static Question question(Match match, Contestant contestant) {
        List<Message> messages = new ArrayList<>();
        for (int turn = 0; turn < match.turn(); turn++) {
            messages.add(Message.of("user", match.prompt().turns().get(turn)));
            messages.add(Message.of("assistant", contestant.answers().get(turn)));
        }
        if (match.prompt().references().size() >= match.turn()) {
            messages.add(Message.of(REFERENCE, match.prompt().references().get(match.turn() - 1)));
        }
        return new Question(match.key() + "/of " + contestant.name(), messages, OPTIONS);
    }

    /**
     * Gives what a question of this protocol holds.
     *
     * @throws IllegalArgumentException if it is of another
     */
    public static Submission submission(Question question) {
        List<String> turns = new ArrayList<>();
        List<String> answers = new ArrayList<>();
        Optional<String> reference = Optional.empty();
        for (Message message : question.messages()) {
            String text = String.valueOf(message.fields().get("content"));
            switch (String.valueOf(message.fields().get("role"))) {
                case "user" -> turns.add(text);
                case "assistant" -> answers.add(text);
                case REFERENCE -> reference = Optional.of(text);
                default ->
                    throw new IllegalArgumentException(
                            "a question with the role " + message.fields().get("role"));
            }
        }
        return new Submission(turns, answers, reference);
    }

    /** A grade as the answer to a question. */
    public static Answer answer(String verifier, Grade grade) {
        return new Answer(Double.toString(grade.value()), List.of(), Answer.Finish.STOP, grade.note(), verifier, 0, 0);
    }

    @Override
    public Judgment judge(Match match, List<Answer> answers) {
        OptionalDouble grade = grade(answers.get(0));
        if (!pairwise) {
            Verdict verdict = grade.isPresent() ? Verdict.SCORED : Verdict.UNPARSED;
            return Judgment.ofSingle(match, Game.ofText("", verdict, Answers.words(answers.get(0))), grade);
        }
        Verdict verdict = verdict(grade, grade(answers.get(1)));
        String grades = Answers.words(answers.get(0)) + " against " + Answers.words(answers.get(1));
        List<Game> games = List.of(Game.ofText("", verdict, grades));
        return Judgment.ofPair(match, games, TwoGames.preference(games));
    }

    private static Verdict verdict(OptionalDouble model, OptionalDouble baseline) {
        if (model.isEmpty() || baseline.isEmpty()) {
            return Verdict.UNPARSED;
        }
        int comparison = Double.compare(model.getAsDouble(), baseline.getAsDouble());
        return comparison == 0 ? Verdict.TIE : comparison > 0 ? Verdict.MODEL : Verdict.BASELINE;
    }

    private static OptionalDouble grade(Answer answer) {
        try {
            return OptionalDouble.of(Double.parseDouble(answer.text()));
        } catch (NumberFormatException e) {
            return OptionalDouble.empty();
        }
    }
}
