package ai.rpo.core.theory;

/**
 * max_π E r − β·KL(π‖π_ref) with E c ≤ budget. Its policy is the Gibbs policy of r − λ·c for the price λ ≥ 0 that
 * minimises the dual β·log Z_{r−λc} + λ·budget, a convex function of one variable.
 *
 * @param rewards r
 * @param costs c
 * @param budget of E c
 */
public record ConstrainedProblem(Bandit bandit, double[] rewards, double[] costs, double budget, double beta) {

    private static final int HALVINGS = 200;

    public ConstrainedProblem {
        bandit.requireSize("rewards", rewards);
        bandit.requireSize("costs", costs);
    }

    /**
     * @param price λ
     * @param policy π_λ
     * @param primal E r − β·KL(π‖π_ref)
     * @param dual equal to it at the solution
     */
    public record Priced(double price, double[] policy, double primal, double dual) {}

    /**
     * @throws IllegalArgumentException where no policy keeps the budget
     */
    public Priced solve() {
        double low = 0;
        double high = 1;
        if (cost(0) <= budget) {
            return at(0);
        }
        while (cost(high) > budget) {
            high *= 2;
            if (high > 1e12) {
                throw new IllegalArgumentException("Cannot keep E c ≤ " + budget
                        + ": the cheapest policy within the reference's support costs " + cost(high)
                        + ". Raise the budget.");
            }
        }
        for (int halving = 0; halving < HALVINGS; halving++) {
            double middle = (low + high) / 2;
            if (cost(middle) > budget) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return at(high);
    }

    /** Projected ascent on the dual, as an online method would do it: λ ← max(0, λ + rate·(E c − budget)). */
    public double ascend(int steps, double rate) {
        double price = 0;
        for (int step = 0; step < steps; step++) {
            price = Math.max(0, price + rate * (cost(price) - budget));
        }
        return price;
    }

    /** The solution of one price. */
    public Priced at(double price) {
        double[] policy = policy(price);
        return new Priced(
                price,
                policy,
                bandit.expectation(policy, rewards) - beta * bandit.kl(policy),
                beta * bandit.logPartition(lessCosts(price), beta) + price * budget);
    }

    private double cost(double price) {
        return bandit.expectation(policy(price), costs);
    }

    private double[] policy(double price) {
        return bandit.gibbs(lessCosts(price), beta);
    }

    private double[] lessCosts(double price) {
        double[] difference = new double[rewards.length];
        for (int i = 0; i < difference.length; i++) {
            difference[i] = rewards[i] - price * costs[i];
        }
        return difference;
    }
}
