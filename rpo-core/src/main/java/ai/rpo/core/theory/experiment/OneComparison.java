package ai.rpo.core.theory.experiment;

import ai.rpo.core.objective.Logistic;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.theory.Comparisons;
import ai.rpo.core.theory.SoftmaxTraining;

/**
 * The paper's own example (its appendix C): actions a, b, c of true reward 1, ½, 0 and the one comparison a ≻ b. The
 * paper prints a reference of (.4, .4, .1), which sums to .9; .2 is taken for the last.
 *
 * @param lossOfCoveringPolicy DPO's loss of a policy that puts its mass on a
 * @param lossOfLeakingPolicy of one that puts half on c, which no comparison names
 * @param trained DPO's policy after 100 gradient steps of rate 1 from the reference
 */
public record OneComparison(double lossOfCoveringPolicy, double lossOfLeakingPolicy, double[] trained) {

    public static final double BETA = 0.1;

    private static final double[] REFERENCE = {0.4, 0.4, 0.2};
    private static final Comparisons DATA = Comparisons.ofOnePrompt(3, 0, 1, 1);

    public static OneComparison run() {
        return new OneComparison(loss(1 - 2e-12, 1e-12), loss(0.5, 1e-12), trained(0, BETA, 100));
    }

    private static double loss(double a, double b) {
        double margin = BETA * (Math.log(a / REFERENCE[0]) - Math.log(b / REFERENCE[1]));
        return -Logistic.logSigmoid(margin);
    }

    static double[] trained(double eta, double beta, int steps) {
        SoftmaxTraining training = new SoftmaxTraining(REFERENCE, DATA, RpoObjective.paper(beta, eta));
        training.descend(steps, 1);
        return training.policy();
    }
}
