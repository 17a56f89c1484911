package ai.rpo.core.theory;

/**
 * The game of Algorithm 1 (arXiv 2405.16436, eq. 3.2): the policy maximises and the reward minimises
 *
 * <pre>φ(π, r) = η·E[r(x, a¹) − r(x, a⁰) − β·KL(π‖π_ref)] + L_D(r),   x ~ d0, a¹ ~ π, a⁰ ~ π_base</pre>
 *
 * @param bandit prompts and reference
 * @param data L_D, of comparisons or of ratings
 * @param base π_base, which the policy's reward is measured against
 * @param eta η, how much the policy counts against the data
 * @param beta β, strength of the tie to the reference
 */
public record Game(Bandit bandit, ConvexFunction data, double[] base, double eta, double beta) {

    public Game {
        if (!(beta > 0) || Double.isInfinite(beta)) {
            throw new IllegalArgumentException("beta must be above 0, but is " + beta);
        }
        if (!(eta >= 0) || Double.isInfinite(eta)) {
            throw new IllegalArgumentException("eta must be at least 0, but is " + eta);
        }
        bandit.requirePolicy(base);
        if (data instanceof Comparisons comparisons
                && (comparisons.prompts() != bandit.prompts().length || comparisons.actions() != bandit.actions())) {
            throw new IllegalArgumentException("Cannot use comparisons of " + comparisons.prompts() + " prompts and "
                    + comparisons.actions() + " actions on a bandit of " + bandit.prompts().length + " and "
                    + bandit.actions() + ".");
        }
    }

    /** The game with the chosen answers as π_base, as the paper's experiments have it. */
    public static Game onChosen(Bandit bandit, Comparisons data, double eta, double beta) {
        return new Game(bandit, data, data.chosenShares(), eta, beta);
    }

    /** φ(π, r). */
    public double phi(double[] policy, double[] rewards) {
        return eta
                        * (bandit.expectation(policy, rewards)
                                - bandit.expectation(base, rewards)
                                - beta * bandit.kl(policy))
                + data.value(rewards);
    }

    /** π_r, the policy's best answer to r (lemma 4.1). */
    public double[] bestPolicy(double[] rewards) {
        return bandit.gibbs(rewards, beta);
    }

    /** max_π φ(π, r) as a function of r: η·E[β·log Z_r − r(a⁰)] + L_D(r). */
    public ConvexFunction worth() {
        return new ConvexFunction() {
            @Override
            public double value(double[] rewards) {
                return eta * (beta * bandit.logPartition(rewards, beta) - bandit.expectation(base, rewards))
                        + data.value(rewards);
            }

            @Override
            public double[] gradient(double[] rewards) {
                return slope(bestPolicy(rewards), rewards);
            }

            @Override
            public double[][] hessian(double[] rewards) {
                double[][] hessian = data.hessian(rewards);
                double[] policy = bestPolicy(rewards);
                int actions = bandit.actions();
                for (int i = 0; i < policy.length; i++) {
                    double scale = eta / beta * bandit.promptWeight(i) * policy[i];
                    hessian[i][i] += scale;
                    int from = i / actions * actions;
                    for (int j = from; j < from + actions; j++) {
                        hessian[i][j] -= scale * policy[j];
                    }
                }
                return hessian;
            }
        };
    }

    /** φ(π, ·) of one policy. */
    ConvexFunction against(double[] policy) {
        return new ConvexFunction() {
            @Override
            public double value(double[] rewards) {
                return phi(policy, rewards);
            }

            @Override
            public double[] gradient(double[] rewards) {
                return slope(policy, rewards);
            }

            @Override
            public double[][] hessian(double[] rewards) {
                return data.hessian(rewards);
            }
        };
    }

    /** ∂φ/∂r = η·d0·(π − π_base) + ∇L_D. */
    private double[] slope(double[] policy, double[] rewards) {
        double[] slope = data.gradient(rewards);
        for (int i = 0; i < slope.length; i++) {
            slope[i] += eta * bandit.promptWeight(i) * (policy[i] - base[i]);
        }
        return slope;
    }

    /** The practical loss, eq. 4.8, of a policy: η·β·E_{π_base}[−log π] + L_D(β·log π/π_ref). */
    public double practicalLoss(double[] policy) {
        double[] implicit = new double[policy.length];
        double negativeLogLikelihood = 0;
        for (int i = 0; i < policy.length; i++) {
            implicit[i] = beta * Math.log(policy[i] / bandit.reference()[i]);
            if (base[i] > 0) {
                negativeLogLikelihood -= bandit.promptWeight(i) * base[i] * Math.log(policy[i]);
            }
        }
        return eta * beta * negativeLogLikelihood + data.value(implicit);
    }
}
