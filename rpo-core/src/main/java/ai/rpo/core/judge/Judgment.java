package ai.rpo.core.judge;

import java.io.Serializable;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;

/**
 * Holds what became of one match.
 *
 * @param subject what was judged
 * @param games what the judge said; none where it was not asked
 * @param preference for the model, in [0, 1]: 1 where it wins, ½ for a tie; empty where a game is unparsed, or it was
 *     scored alone
 * @param score of the model's answer alone; empty where the game is unparsed, or there was a baseline
 */
public record Judgment(Subject subject, List<Game> games, OptionalDouble preference, OptionalDouble score) {

    /**
     * Names what was judged.
     *
     * @param promptId that of the prompt
     * @param turn from 1
     * @param category of the prompt; empty where it has none
     * @param prompt the user's turns up to this one; empty where they are not known
     * @param model the candidate that is measured
     * @param baseline what it is measured against; empty where it was scored alone
     * @param modelAnswer null where it is not known
     * @param baselineAnswer null where it is not known
     */
    public record Subject(
            String promptId,
            int turn,
            String category,
            List<String> prompt,
            String model,
            String baseline,
            String modelAnswer,
            String baselineAnswer)
            implements Serializable {

        public Subject {
            Objects.requireNonNull(promptId, "promptId");
            Objects.requireNonNull(category, "category");
            Objects.requireNonNull(model, "model");
            Objects.requireNonNull(baseline, "baseline");
            prompt = List.copyOf(prompt);
        }

        Subject flipped() {
            return new Subject(promptId, turn, category, prompt, baseline, model, baselineAnswer, modelAnswer);
        }

        static Subject of(Match match) {
            int last = match.turn() - 1;
            return new Subject(
                    match.prompt().id(),
                    match.turn(),
                    match.prompt().category(),
                    match.prompt().turns().subList(0, match.turn()),
                    match.model().name(),
                    match.baseline().map(Contestant::name).orElse(""),
                    match.model().answers().get(last),
                    match.baseline().map(other -> other.answers().get(last)).orElse(null));
        }

        public boolean isPairwise() {
            return !baseline.isEmpty();
        }

        public boolean knowsAnswers() {
            return modelAnswer != null && (baselineAnswer != null || !isPairwise());
        }

        /** The length of the model's answer in Unicode code points, as Python's {@code len} has it. */
        public int modelLength() {
            return modelAnswer.codePointCount(0, modelAnswer.length());
        }

        /** Gives the length of the baseline's answers, as {@link #modelLength} does. */
        public int baselineLength() {
            return baselineAnswer.codePointCount(0, baselineAnswer.length());
        }
    }

    public Judgment {
        Objects.requireNonNull(subject, "subject");
        games = List.copyOf(games);
    }

    static Judgment ofPair(Match match, List<Game> games, OptionalDouble preference) {
        return new Judgment(Subject.of(match), games, preference, OptionalDouble.empty());
    }

    static Judgment ofSingle(Match match, Game game, OptionalDouble score) {
        return new Judgment(Subject.of(match), List.of(game), OptionalDouble.empty(), score);
    }

    /** Measures the baseline instead of the model. */
    Judgment flipped() {
        return new Judgment(
                subject.flipped(),
                games.stream().map(Game::flipped).toList(),
                preference.isPresent() ? OptionalDouble.of(1 - preference.getAsDouble()) : preference,
                score);
    }

    public boolean isParsed() {
        return subject.isPairwise() ? preference.isPresent() : score.isPresent();
    }
}
