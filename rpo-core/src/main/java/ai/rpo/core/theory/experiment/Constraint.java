package ai.rpo.core.theory.experiment;

import ai.rpo.core.theory.Bandit;
import ai.rpo.core.theory.ConstrainedProblem;

/** Four actions of reward 1, .8, .4, 0 and cost 1, .5, .2, 0; the mean cost may be .4. */
public final class Constraint {

    public static final double[] REWARDS = {1, 0.8, 0.4, 0};
    public static final double[] COSTS = {1, 0.5, 0.2, 0};
    public static final double BUDGET = 0.4;
    public static final Bandit BANDIT = Bandit.of(0.25, 0.25, 0.25, 0.25);
    public static final ConstrainedProblem PROBLEM = new ConstrainedProblem(BANDIT, REWARDS, COSTS, BUDGET, 0.1);

    private Constraint() {}
}
