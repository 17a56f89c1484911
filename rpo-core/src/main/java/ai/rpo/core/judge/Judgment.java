package ai.rpo.core.judge;

import java.io.Serializable;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;

/**
 * Holds what became of one match.
 *
 * @param promptId that of the prompt
 * @param turn from 1
 * @param category of the prompt; empty where it has none
 * @param model the candidate that is measured
 * @param baseline what it is measured against; empty where it was scored alone
 * @param games what the judge said; none where it was not asked
 * @param preference for the model, in [0, 1]: 1 where it wins, ½ for a tie; empty where a game is unparsed, or it was
 *     scored alone
 * @param score of the model's answer alone; empty where the game is unparsed, or there was a baseline
 * @param modelLength of the model's answer in code points; −1 where the answer is not known
 * @param baselineLength the same of the baseline's
 */
public record Judgment(
        String promptId,
        int turn,
        String category,
        String model,
        String baseline,
        List<Game> games,
        OptionalDouble preference,
        OptionalDouble score,
        int modelLength,
        int baselineLength)
        implements Serializable {

    public Judgment {
        Objects.requireNonNull(promptId, "promptId");
        Objects.requireNonNull(category, "category");
        Objects.requireNonNull(model, "model");
        Objects.requireNonNull(baseline, "baseline");
        games = List.copyOf(games);
    }

    /** Of a match against a baseline. */
    static Judgment ofPair(Match match, List<Game> games, OptionalDouble preference) {
        Contestant baseline = match.baseline().orElseThrow();
        return new Judgment(
                match.prompt().id(),
                match.turn(),
                match.prompt().category(),
                match.model().name(),
                baseline.name(),
                games,
                preference,
                OptionalDouble.empty(),
                match.model().length(match.turn()),
                baseline.length(match.turn()));
    }

    /** Of an answer alone. */
    static Judgment ofSingle(Match match, Game game, OptionalDouble score) {
        return new Judgment(
                match.prompt().id(),
                match.turn(),
                match.prompt().category(),
                match.model().name(),
                "",
                List.of(game),
                OptionalDouble.empty(),
                score,
                match.model().length(match.turn()),
                -1);
    }

    public boolean isPairwise() {
        return !baseline.isEmpty();
    }

    public boolean isParsed() {
        return isPairwise() ? preference.isPresent() : score.isPresent();
    }
}
