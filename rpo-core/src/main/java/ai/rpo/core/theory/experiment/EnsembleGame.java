package ai.rpo.core.theory.experiment;

import ai.rpo.core.theory.Bandit;
import ai.rpo.core.theory.FiniteClass;
import java.util.Arrays;
import java.util.function.ToDoubleFunction;

/** Three reward models of equal loss that disagree about the third action, which the reference seldom takes. */
public final class EnsembleGame {

    private static final double[][] MEMBERS = {{1, 0.5, 0}, {0.6, 0.5, 1}, {0.8, 0.2, 0.9}};
    private static final Bandit BANDIT = Bandit.of(0.4, 0.4, 0.2);
    private static final double BETA = 0.1;

    public static final FiniteClass CLASS =
            new FiniteClass(BANDIT, MEMBERS, new double[] {0.6, 0.6, 0.6}, new double[] {0.6, 0.4, 0}, 0.1, BETA);

    private EnsembleGame() {}

    /** The Gibbs policy of the members' mean. */
    public static double[] mean() {
        return by(Spread::mean);
    }

    /** The Gibbs policy of the members' minimum, action by action (worst-case optimization). */
    public static double[] worstCase() {
        return by(Spread::least);
    }

    /** The Gibbs policy of the members' mean less {@code weight} times their variance (uncertainty-weighted optimization). */
    public static double[] uncertaintyWeighted(double weight) {
        return by(spread -> spread.lessVariance(weight));
    }

    private static double[] by(ToDoubleFunction<Spread> score) {
        double[] scores = new double[BANDIT.size()];
        for (int i = 0; i < scores.length; i++) {
            int action = i;
            scores[i] = score.applyAsDouble(Spread.of(
                    Arrays.stream(MEMBERS).mapToDouble(member -> member[action]).toArray()));
        }
        return BANDIT.gibbs(scores, BETA);
    }
}
