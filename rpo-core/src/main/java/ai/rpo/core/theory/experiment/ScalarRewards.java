package ai.rpo.core.theory.experiment;

import ai.rpo.core.theory.Bandit;
import ai.rpo.core.theory.Game;
import ai.rpo.core.theory.Ratings;
import ai.rpo.core.theory.RewardClass;
import ai.rpo.core.theory.Solution;
import ai.rpo.core.theory.Solver;
import java.util.List;

/**
 * Ratings in place of comparisons: three actions rated 40, 40 and 2 times with means .6, .5 and .9, the shares of the
 * data as reference and base policy. The shape of conservative Q-learning: log Σ e^r against the data's own reward.
 */
public final class ScalarRewards {

    public static final List<Double> ETAS = List.of(0.0, 0.02, 0.1, 0.5);

    private static final double[] SHARES = {40 / 82.0, 40 / 82.0, 2 / 82.0};

    private ScalarRewards() {}

    public static Solution solve(double eta) {
        Bandit bandit = Bandit.of(SHARES);
        Ratings ratings = new Ratings(SHARES, new double[] {0.6, 0.5, 0.9});
        return new Solver(new Game(bandit, ratings, SHARES, eta, 0.1), RewardClass.box(bandit, 1)).minimax();
    }
}
