package ai.rpo.core.theory.experiment;

import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.theory.Bandit;
import ai.rpo.core.theory.ChiSquaredPolicy;
import ai.rpo.core.theory.Comparisons;
import ai.rpo.core.theory.Game;
import ai.rpo.core.theory.RewardClass;
import ai.rpo.core.theory.SoftmaxTraining;
import ai.rpo.core.theory.Solution;
import ai.rpo.core.theory.Solver;
import java.util.ArrayList;
import java.util.List;

/**
 * A hundred comparisons of three actions: a ≻ b 62, b ≻ a 37, and c ≻ b once, though c is the worst. True rewards 1, ½,
 * 0.
 */
public final class FixedCounts {

    public static final Bandit BANDIT = Bandit.of(0.4, 0.4, 0.2);
    public static final Comparisons DATA = Comparisons.ofOnePrompt(3, 0, 1, 62, 1, 0, 37, 2, 1, 1);
    public static final double RANGE = 1;

    private static final double[] TRUTH = {1, 0.5, 0};
    private static final double RATE = 2;

    private FixedCounts() {}

    /**
     * A policy and what it is worth.
     *
     * @param value E r* under it
     * @param chosenLogProbability E log π of the chosen answers
     */
    public record Outcome(double[] policy, double value, double chosenLogProbability) {}

    /** @param step of plain gradient descent at rate 2 on logits from the reference; the policy is the one it finds */
    public record Point(int step, Outcome outcome) {}

    public static Game game(double eta, double beta) {
        return Game.onChosen(BANDIT, DATA, eta, beta);
    }

    /** RPO's exact minimum over all policies. */
    public static Solution unbounded(double eta, double beta) {
        return new Solver(game(eta, beta), RewardClass.unbounded(BANDIT)).minimax();
    }

    /** RPO's exact minimum over all policies where rewards lie in [0, 1]. */
    public static Solution inBox(double eta, double beta) {
        return new Solver(game(eta, beta), RewardClass.box(BANDIT, RANGE)).minimax();
    }

    /** The Gibbs policy of the most likely reward in [0, 1]: what the KL term alone gives. */
    public static Outcome mostLikely(double beta) {
        Solver solver = new Solver(game(0, beta), RewardClass.box(BANDIT, RANGE));
        return outcome(BANDIT.gibbs(solver.maximumLikelihood(), beta));
    }

    /** χPO's policy of the most likely reward in [0, 1]. */
    public static Outcome chiSquared(double beta) {
        Solver solver = new Solver(game(0, beta), RewardClass.box(BANDIT, RANGE));
        return outcome(ChiSquaredPolicy.of(BANDIT, solver.maximumLikelihood(), beta));
    }

    /** @param steps increasing, from 1 */
    public static List<Point> trained(double eta, double beta, List<Integer> steps) {
        SoftmaxTraining training = new SoftmaxTraining(BANDIT.reference(), DATA, RpoObjective.paper(beta, eta));
        List<Point> points = new ArrayList<>();
        int done = 1;
        for (int step : steps) {
            training.descend(step - done, RATE);
            done = step;
            double[] policy = training.policy();
            points.add(new Point(
                    step,
                    new Outcome(
                            policy,
                            BANDIT.expectation(policy, TRUTH),
                            training.expectedLogPolicy(DATA.chosenShares()))));
        }
        return points;
    }

    public static Outcome outcome(double[] policy) {
        double[] shares = DATA.chosenShares();
        double logProbability = 0;
        for (int i = 0; i < policy.length; i++) {
            logProbability += shares[i] * Math.log(policy[i]);
        }
        return new Outcome(policy, BANDIT.expectation(policy, TRUTH), logProbability);
    }
}
