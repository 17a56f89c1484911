package ai.rpo.core.theory.experiment;

import ai.rpo.core.theory.Bandit;
import ai.rpo.core.theory.Comparisons;
import ai.rpo.core.theory.Comparisons.Duel;
import ai.rpo.core.theory.Coverage;
import ai.rpo.core.theory.FiniteClass;
import ai.rpo.core.theory.Game;
import ai.rpo.core.theory.RewardClass;
import ai.rpo.core.theory.Solution;
import ai.rpo.core.theory.Solver;
import java.util.List;

/** Two prompts with four actions each: the game solved from both sides, and beside it what the likeliest reward gives. */
public final class Equivalence {

    public static final double RANGE = 2;
    public static final double ETA = 0.1;
    public static final double BETA = 0.1;

    public static final Bandit BANDIT =
            new Bandit(new double[] {0.6, 0.4}, new double[] {0.4, 0.3, 0.2, 0.1, 0.25, 0.25, 0.25, 0.25});
    public static final Comparisons DATA = new Comparisons(
            2,
            4,
            List.of(
                    new Duel(0, 0, 1, 30),
                    new Duel(0, 1, 0, 14),
                    new Duel(0, 1, 2, 20),
                    new Duel(0, 2, 1, 9),
                    new Duel(0, 0, 2, 12),
                    new Duel(0, 2, 0, 3),
                    new Duel(0, 3, 2, 1),
                    new Duel(1, 0, 1, 8),
                    new Duel(1, 1, 0, 11),
                    new Duel(1, 2, 1, 16),
                    new Duel(1, 1, 2, 5)));
    public static final Game GAME = Game.onChosen(BANDIT, DATA, ETA, BETA);
    public static final Solver SOLVER = new Solver(GAME, RewardClass.box(BANDIT, RANGE));

    private Equivalence() {}

    /**
     * Both sides of the game.
     *
     * @param minimax from the reward's side
     * @param maximin from the policy's side
     * @param difference the largest between the two policies
     * @param likeliest the most likely reward in the box
     * @param likeliestPolicy its Gibbs policy
     * @param valueOfReference min_r φ(π_ref, r)
     * @param valueOfLikeliest min_r φ of that policy
     */
    public record Sides(
            Solution minimax,
            Solution maximin,
            double difference,
            double[] likeliest,
            double[] likeliestPolicy,
            double valueOfReference,
            double valueOfLikeliest) {}

    public static Sides solve() {
        Solution minimax = SOLVER.minimax();
        Solution maximin = SOLVER.maximin();
        double difference = 0;
        for (int i = 0; i < BANDIT.size(); i++) {
            difference = Math.max(difference, Math.abs(minimax.policy()[i] - maximin.policy()[i]));
        }
        double[] likeliest = SOLVER.maximumLikelihood();
        double[] policy = BANDIT.gibbs(likeliest, BETA);
        return new Sides(
                minimax,
                maximin,
                difference,
                likeliest,
                policy,
                SOLVER.worstValue(BANDIT.reference()),
                SOLVER.worstValue(policy));
    }

    /** C of the policy that takes {@code first} at the first prompt and {@code second} at the other. */
    public static double coverage(int first, int second) {
        double[] policy = new double[BANDIT.size()];
        policy[first] = 1;
        policy[BANDIT.actions() + second] = 1;
        return Coverage.coefficient(BANDIT, DATA, policy, DATA.chosenShares());
    }

    /**
     * Two rewards without what lies between them: (1, 0) and (0, 1) on balanced data, η = 1.
     *
     * @param minimax min_r max_π
     * @param maximin max_π min_r, which is lower
     * @param between both, over the segment that joins them
     */
    public record TwoRewards(double minimax, double maximin, double between) {}

    public static TwoRewards withoutConvexity() {
        Bandit bandit = Bandit.of(0.5, 0.5);
        Comparisons balanced = Comparisons.ofOnePrompt(2, 0, 1, 1, 1, 0, 1);
        double[][] members = {{1, 0}, {0, 1}};
        double[] losses = {balanced.value(members[0]), balanced.value(members[1])};
        FiniteClass two = new FiniteClass(bandit, members, losses, balanced.chosenShares(), 1, BETA);
        // The segment (½ + t/2, ½ − t/2) for t from −1 to 1.
        RewardClass segment = RewardClass.linear(new double[][] {{0.5}, {-0.5}}, 1);
        Solution between = new Solver(Game.onChosen(bandit, balanced, 1, BETA), segment).minimax();
        return new TwoRewards(two.minimax(), two.maximin().least(), between.most());
    }
}
