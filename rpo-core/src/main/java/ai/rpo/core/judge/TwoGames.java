package ai.rpo.core.judge;

import ai.rpo.core.judge.Game.Verdict;
import java.util.List;
import java.util.OptionalDouble;

/** Joins the verdicts on one match with the answers shown in both orders. */
final class TwoGames {

    private TwoGames() {}

    /**
     * The winner that both games agree on; a tie if they differ, which counts a win and a tie as a tie (FastChat's rule).
     *
     * @return empty where a game is unparsed
     */
    static OptionalDouble preference(List<Game> games) {
        if (games.stream().anyMatch(game -> game.verdict() == Verdict.UNPARSED)) {
            return OptionalDouble.empty();
        }
        Verdict first = games.get(0).verdict();
        boolean agreed = games.stream().allMatch(game -> game.verdict() == first);
        return OptionalDouble.of(agreed ? preference(first) : 0.5);
    }

    private static double preference(Verdict verdict) {
        return switch (verdict) {
            case MODEL -> 1;
            case BASELINE -> 0;
            case TIE -> 0.5;
            case SCORED, UNPARSED -> throw new IllegalArgumentException("no side won: " + verdict);
        };
    }
}
