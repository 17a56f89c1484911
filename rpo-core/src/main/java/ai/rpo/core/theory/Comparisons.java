package ai.rpo.core.theory;

import ai.rpo.core.objective.Logistic;
import java.util.ArrayList;
import java.util.List;

/**
 * Preference data, counted, and its Bradley–Terry loss L_D (eq. 3.1) as a function of the rewards. Without any data the
 * loss is 0 everywhere, so that the game is still defined.
 *
 * @param prompts number of prompts
 * @param actions number of actions of each
 * @param duels how often which action was preferred to which
 */
public record Comparisons(int prompts, int actions, List<Duel> duels) implements ConvexFunction {

    /**
     * @param winner the action y⁺ that was preferred
     * @param loser y⁻
     * @param count how often, at least 0; expected data need not be whole numbers
     */
    public record Duel(int prompt, int winner, int loser, double count) {

        public Duel {
            if (winner == loser) {
                throw new IllegalArgumentException("Cannot compare action " + winner + " with itself.");
            }
            if (!(count >= 0) || Double.isInfinite(count)) {
                throw new IllegalArgumentException("Cannot count " + count + " comparisons: give a number from 0.");
            }
        }
    }

    public Comparisons {
        duels = List.copyOf(duels);
        for (Duel duel : duels) {
            if (duel.prompt < 0
                    || duel.prompt >= prompts
                    || Math.min(duel.winner, duel.loser) < 0
                    || Math.max(duel.winner, duel.loser) >= actions) {
                throw new IllegalArgumentException("Cannot use the comparison " + duel + ": there are " + prompts
                        + " prompts of " + actions + " actions.");
            }
        }
    }

    /** Data on one prompt, in triples of winner, loser and count. */
    public static Comparisons ofOnePrompt(int actions, double... triples) {
        List<Duel> duels = new ArrayList<>();
        for (int i = 0; i < triples.length; i += 3) {
            duels.add(new Duel(0, (int) triples[i], (int) triples[i + 1], triples[i + 2]));
        }
        return new Comparisons(1, actions, duels);
    }

    /** No data. */
    public static Comparisons none(Bandit bandit) {
        return new Comparisons(bandit.prompts().length, bandit.actions(), List.of());
    }

    /** Bradley–Terry's probability that an action of reward {@code first} is preferred to one of {@code second}. */
    public static double winProbability(double first, double second) {
        return Logistic.sigmoid(first - second);
    }

    /** N. */
    public double total() {
        return duels.stream().mapToDouble(Duel::count).sum();
    }

    /**
     * Gives for each prompt the share of each action among its preferred ones: π_base where that is the chosen answers.
     *
     * @throws IllegalArgumentException where a prompt has no data
     */
    public double[] chosenShares() {
        double[] shares = new double[prompts * actions];
        double[] totals = new double[prompts];
        for (Duel duel : duels) {
            shares[winner(duel)] += duel.count;
            totals[duel.prompt] += duel.count;
        }
        for (int i = 0; i < shares.length; i++) {
            if (totals[i / actions] == 0) {
                throw new IllegalArgumentException("Cannot take the chosen answers as the base policy: prompt "
                        + i / actions + " has no comparison. Give a base policy.");
            }
            shares[i] /= totals[i / actions];
        }
        return shares;
    }

    int winner(Duel duel) {
        return duel.prompt * actions + duel.winner;
    }

    int loser(Duel duel) {
        return duel.prompt * actions + duel.loser;
    }

    @Override
    public double value(double[] rewards) {
        double sum = 0;
        for (Duel duel : duels) {
            sum -= duel.count * Logistic.logSigmoid(rewards[winner(duel)] - rewards[loser(duel)]);
        }
        return duels.isEmpty() ? 0 : sum / Math.max(total(), Double.MIN_NORMAL);
    }

    @Override
    public double[] gradient(double[] rewards) {
        double[] gradient = new double[rewards.length];
        double total = total();
        for (Duel duel : duels) {
            if (duel.count > 0) {
                double slope = duel.count / total * Logistic.sigmoid(rewards[loser(duel)] - rewards[winner(duel)]);
                gradient[winner(duel)] -= slope;
                gradient[loser(duel)] += slope;
            }
        }
        return gradient;
    }

    @Override
    public double[][] hessian(double[] rewards) {
        double[][] hessian = new double[rewards.length][rewards.length];
        double total = total();
        for (Duel duel : duels) {
            if (duel.count > 0) {
                double win = Logistic.sigmoid(rewards[winner(duel)] - rewards[loser(duel)]);
                addEdge(hessian, winner(duel), loser(duel), duel.count / total * win * (1 - win));
            }
        }
        return hessian;
    }

    /** Adds weight·(e_i − e_j)(e_i − e_j)ᵀ. */
    static void addEdge(double[][] laplacian, int i, int j, double weight) {
        laplacian[i][i] += weight;
        laplacian[j][j] += weight;
        laplacian[i][j] -= weight;
        laplacian[j][i] -= weight;
    }
}
