package ai.rpo.core.theory;

import java.util.Arrays;

/**
 * The game over finitely many rewards, such as an ensemble of reward models. Such a class is not convex; what the policy
 * can secure against it is the value over its mixtures, whose losses are mixed likewise.
 *
 * @param bandit prompts and reference
 * @param members rewards r_k
 * @param losses L_D(r_k)
 * @param base π_base
 */
public record FiniteClass(Bandit bandit, double[][] members, double[] losses, double[] base, double eta, double beta) {

    private static final int MOST_STEPS = 200_000;
    private static final double GAP = 1e-13;
    private static final double RATE = 5;

    public FiniteClass {
        if (members.length == 0 || members.length != losses.length) {
            throw new IllegalArgumentException("Cannot play against " + members.length + " rewards with "
                    + losses.length + " losses: give a loss for each, and one reward at least.");
        }
        for (double[] member : members) {
            bandit.requireSize("a reward", member);
        }
        bandit.requirePolicy(base);
    }

    /**
     * The maximin policy with the mixture that it answers.
     *
     * @param weights λ of the members
     * @param policy the Gibbs policy of Σ λ_k·r_k
     * @param most the mixture's worth, above or at the value of the game
     * @param least min_k φ(π, r_k), below or at it
     */
    public record Mixture(double[] weights, double[] policy, double most, double least) {

        public double gap() {
            return most - least;
        }
    }

    /** max_π min_k φ(π, r_k), as min over λ of max_π Σ λ_k·φ(π, r_k), by exponentiated gradient. */
    public Mixture maximin() {
        double[] weights = new double[members.length];
        Arrays.fill(weights, 1.0 / members.length);
        Mixture mixture = at(weights);
        for (int step = 0; step < MOST_STEPS && mixture.gap() > GAP; step++) {
            double[] values = values(mixture.policy());
            double least = Arrays.stream(values).min().orElseThrow();
            double sum = 0;
            for (int k = 0; k < weights.length; k++) {
                weights[k] *= Math.exp(-RATE * (values[k] - least));
                sum += weights[k];
            }
            for (int k = 0; k < weights.length; k++) {
                weights[k] /= sum;
            }
            mixture = at(weights);
        }
        return mixture;
    }

    /** min_k max_π φ(π, r_k): the minimax over the members themselves. */
    public double minimax() {
        double least = Double.POSITIVE_INFINITY;
        for (int k = 0; k < members.length; k++) {
            least = Math.min(least, worth(members[k], losses[k]));
        }
        return least;
    }

    private Mixture at(double[] weights) {
        double[] reward = new double[bandit.size()];
        double loss = 0;
        for (int k = 0; k < members.length; k++) {
            loss += weights[k] * losses[k];
            for (int i = 0; i < reward.length; i++) {
                reward[i] += weights[k] * members[k][i];
            }
        }
        double[] policy = bandit.gibbs(reward, beta);
        return new Mixture(
                weights.clone(),
                policy,
                worth(reward, loss),
                Arrays.stream(values(policy)).min().orElseThrow());
    }

    private double worth(double[] reward, double loss) {
        return eta * (beta * bandit.logPartition(reward, beta) - bandit.expectation(base, reward)) + loss;
    }

    /** φ(π, r_k) of each member. */
    private double[] values(double[] policy) {
        double[] values = new double[members.length];
        for (int k = 0; k < values.length; k++) {
            values[k] = eta
                            * (bandit.expectation(policy, members[k])
                                    - bandit.expectation(base, members[k])
                                    - beta * bandit.kl(policy))
                    + losses[k];
        }
        return values;
    }
}
