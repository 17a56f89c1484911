package ai.rpo.core.theory.experiment;

import ai.rpo.core.theory.Bandit;
import ai.rpo.core.theory.Comparisons;
import ai.rpo.core.theory.Game;
import ai.rpo.core.theory.RewardClass;
import ai.rpo.core.theory.Solver;
import java.util.List;

/**
 * A world that becomes harder with N, so that the rate shows: a is better than b by 1/√N alone, c worse than a by 1, and
 * one comparison of c with b. RPO over all policies with η = 2/√N and β = 1/√N; expectations over a's wins.
 *
 * @param pairs N
 * @param rpo E gap of RPO
 * @param dpo E gap of DPO's minimum
 */
public record ShrinkingGap(int pairs, double rpo, double dpo) {

    public static final List<Integer> SIZES = List.of(30, 100, 300, 1000, 3000, 10000, 30000);

    private static final Bandit BANDIT = Bandit.of(0.4, 0.4, 0.2);

    public static List<ShrinkingGap> run() {
        return SIZES.stream().map(ShrinkingGap::of).toList();
    }

    /** The slope of log gap against log N, over N ≥ 100: the theorem's rate is −½. */
    public static double slope(List<ShrinkingGap> rows, boolean ofDpo) {
        List<ShrinkingGap> large = rows.stream().filter(row -> row.pairs >= 100).toList();
        return LeastSquares.logLogSlope(
                large.stream().mapToDouble(ShrinkingGap::pairs).toArray(),
                large.stream().mapToDouble(row -> ofDpo ? row.dpo : row.rpo).toArray());
    }

    static ShrinkingGap of(int pairs) {
        double advantage = 1 / Math.sqrt(pairs);
        double[] truth = {1, 1 - advantage, 0};
        double rareWins = Comparisons.winProbability(truth[2], truth[1]);
        int trials = pairs - 1;
        Binomial.Part wins = Binomial.around(trials, Comparisons.winProbability(truth[0], truth[1]), 8, 600);
        double beta = 1 / Math.sqrt(pairs);
        double rpo = 0;
        double dpo = rareWins;
        for (int i = 0; i < wins.probabilities().length; i++) {
            int won = wins.successes(i);
            for (boolean rareWon : new boolean[] {false, true}) {
                Comparisons data =
                        Comparisons.ofOnePrompt(3, 0, 1, won, 1, 0, trials - won, rareWon ? 2 : 1, rareWon ? 1 : 2, 1);
                Game game = Game.onChosen(BANDIT, data, 2 / Math.sqrt(pairs), beta);
                double[] policy = new Solver(game, RewardClass.unbounded(BANDIT))
                        .minimax()
                        .policy();
                rpo += wins.probabilities()[i]
                        * (rareWon ? rareWins : 1 - rareWins)
                        * (truth[0] - BANDIT.expectation(policy, truth));
            }
            // DPO takes c if c won, else chooses between a and b by their margin alone.
            double odds =
                    Math.min(Math.max(won, 0.5), trials - 0.5) / Math.min(Math.max(trials - won, 0.5), trials - 0.5);
            double first = 1 / (1 + Math.exp(-Math.log(odds) / beta));
            dpo += (1 - rareWins) * wins.probabilities()[i] * (1 - first) * advantage;
        }
        return new ShrinkingGap(pairs, rpo, dpo);
    }
}
