package ai.rpo.core.theory;

/**
 * Solves the game over a class of rewards from either side (theorem 5.6 says that both arrive at one policy).
 *
 * @param game to solve
 * @param rewards the class R
 */
public record Solver(Game game, RewardClass rewards) {

    private static final int MIRROR_STEPS = 4000;

    /** min_r max_π φ: the reward's convex problem, by Newton's method; its policy is π_r̂ (algorithm 2). */
    public Solution minimax() {
        double[] parameters = rewards.minimize(game.worth(), rewards.middle());
        double[] reward = rewards.rewards(parameters);
        return certified(parameters, game.bestPolicy(reward));
    }

    /**
     * max_π min_r φ: mirror ascent on the policy, each step against the worst reward, π ← π·e^{rate·(r − β·(log π/π_ref
     * + 1))} (algorithm 1 as it stands).
     */
    public Solution maximin() {
        Bandit bandit = game.bandit();
        double[] logPolicy = new double[bandit.size()];
        for (int i = 0; i < logPolicy.length; i++) {
            logPolicy[i] = Math.log(bandit.reference()[i]);
        }
        double[] policy = bandit.reference().clone();
        double[] worst = rewards.middle();
        for (int step = 0; step < MIRROR_STEPS; step++) {
            worst = rewards.minimize(game.against(policy), worst);
            double[] reward = rewards.rewards(worst);
            double rate = 2 / (1 + step / 50.0);
            double[] lift = new double[policy.length];
            for (int i = 0; i < policy.length; i++) {
                double logReference = Math.log(bandit.reference()[i]);
                lift[i] = bandit.reference()[i] == 0
                        ? 0
                        : logPolicy[i]
                                - logReference
                                + rate * (reward[i] - game.beta() * (logPolicy[i] - logReference + 1));
            }
            policy = bandit.gibbs(lift, 1);
            for (int i = 0; i < policy.length; i++) {
                logPolicy[i] = Math.log(policy[i]);
            }
        }
        return certified(rewards.minimize(game.against(policy), worst), policy);
    }

    /** min_r φ(π, r), as a reward's parameters. */
    public double[] worstReward(double[] policy) {
        game.bandit().requirePolicy(policy);
        return rewards.minimize(game.against(policy), rewards.middle());
    }

    /** min_r φ(π, r): what the policy is worth if the reward is the worst that the data leave possible. */
    public double worstValue(double[] policy) {
        return game.phi(policy, rewards.rewards(worstReward(policy)));
    }

    /** The reward that fits the data best (η = 0), as the DPO and RLHF pipelines take it. */
    public double[] maximumLikelihood() {
        return rewards.rewards(rewards.minimize(game.data(), rewards.middle()));
    }

    private Solution certified(double[] parameters, double[] policy) {
        double[] reward = rewards.rewards(parameters);
        ConvexFunction against = rewards.over(game.against(policy));
        double[] worst = rewards.minimize(game.against(policy), parameters);
        double least = against.value(worst);
        if (rewards.isBounded()) {
            least -= rewards.slack(against.gradient(worst), worst);
        }
        return new Solution(parameters, reward, policy, game.worth().value(reward), least);
    }
}
