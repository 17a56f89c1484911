package ai.rpo.core.theory.experiment;

import ai.rpo.core.theory.Bandit;
import ai.rpo.core.theory.Comparisons;
import ai.rpo.core.theory.ConvexFunction;
import ai.rpo.core.theory.Coverage;
import ai.rpo.core.theory.Game;
import ai.rpo.core.theory.RewardClass;
import ai.rpo.core.theory.Solution;
import ai.rpo.core.theory.Solver;
import java.util.ArrayList;
import java.util.List;

/**
 * A reward that is linear in two features, learnt from comparisons of a and b alone (62 to 38), where c looks twice as
 * much like a: φ(a) = (1, 0), φ(b) = (0, 0), φ(c) = (2, 1). The truth θ* = (½, −1½) makes c the worst. What DPO learns
 * of the first feature it extrapolates to c, whatever the number of comparisons.
 */
public final class Extrapolation {

    public static final double BETA = 0.1;
    public static final List<Double> ETAS = List.of(0.0, 0.005, 0.05, 0.2, 1.0);
    public static final List<Double> BETAS = List.of(0.01, 0.1, 0.3, 1.0, 3.0, 10.0);

    private static final Bandit BANDIT = Bandit.of(0.4, 0.4, 0.2);
    private static final RewardClass CLASS = RewardClass.linear(new double[][] {{1, 0}, {0, 0}, {2, 1}}, 2);
    private static final double[] TRUE_WEIGHTS = {0.5, -1.5};
    private static final double[] TRUTH = CLASS.rewards(TRUE_WEIGHTS);
    private static final double[] BASE = {0.62, 0.38, 0};
    private static final Comparisons DATA = Comparisons.ofOnePrompt(3, 0, 1, 62, 1, 0, 38);
    private static final double RATE = 0.05;

    private Extrapolation() {}

    /**
     * Gradient descent on θ from 0.
     *
     * @param value E r*
     * @param chosenLogProbability E log π of the chosen answers
     */
    public record Point(int step, double[] weights, double[] policy, double value, double chosenLogProbability) {}

    /** @param steps increasing */
    public static List<Point> trained(double eta, List<Integer> steps) {
        CLASS.requireContains(TRUE_WEIGHTS);
        ConvexFunction loss = CLASS.over(game(eta).worth());
        double[] weights = {0, 0};
        List<Point> points = new ArrayList<>();
        int done = 0;
        for (int step : steps) {
            for (; done < step; done++) {
                double[] gradient = loss.gradient(weights);
                for (int k = 0; k < weights.length; k++) {
                    weights[k] = Math.min(2, Math.max(-2, weights[k] - RATE * gradient[k]));
                }
            }
            points.add(point(step, weights.clone(), BETA));
        }
        return points;
    }

    /** The game's exact solution. */
    public static Solution solved(double eta) {
        return new Solver(game(eta), CLASS).minimax();
    }

    /** E r* of DPO's minimum at another β: KL alone. */
    public static double valueOfKl(double beta) {
        return point(0, new double[] {Math.log(0.62 / 0.38), 0}, beta).value();
    }

    public static double valueOfReference() {
        return BANDIT.expectation(BANDIT.reference(), TRUTH);
    }

    /** E r* of the best action that the data cover. */
    public static double valueOfBest() {
        return TRUTH[0];
    }

    /** C of the policy that takes one action. */
    public static double coverage(int action) {
        double[] policy = new double[3];
        policy[action] = 1;
        return Coverage.coefficient(BANDIT, DATA, policy, BASE);
    }

    private static Game game(double eta) {
        return new Game(BANDIT, DATA, BASE, eta, BETA);
    }

    private static Point point(int step, double[] weights, double beta) {
        double[] policy = BANDIT.gibbs(CLASS.rewards(weights), beta);
        return new Point(
                step,
                weights,
                policy,
                BANDIT.expectation(policy, TRUTH),
                BASE[0] * Math.log(policy[0]) + BASE[1] * Math.log(policy[1]));
    }
}
