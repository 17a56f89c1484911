package ai.rpo.core.decoder;

/**
 * Sums up how evenly a batch uses the experts of a mixture, over the token rows of all layers together: the loss that
 * balances it (arXiv 2101.03961, equations 4 to 6) is {@code E·Σ f·P}, with f the share of rows that go through an expert
 * and P the mean of its probabilities. It is k where all are used alike, k being how many a row goes through.
 *
 * <p>Its rows are those that experts compute: a prompt's once, and in the last layer those alone that predict a token.
 */
public final class ExpertUse {

    private final long[] chosen;
    private final double[] probabilities;
    private long rows;

    /** @param experts in a layer */
    public ExpertUse(int experts) {
        chosen = new long[experts];
        probabilities = new double[experts];
    }

    void add(Routing routing) {
        for (int e = 0; e < chosen.length; e++) {
            chosen[e] += routing.start(e + 1) - routing.start(e);
        }
        rows += routing.addProbabilities(probabilities);
    }

    /** Adds what another part of the batch uses. */
    public void add(ExpertUse other) {
        for (int e = 0; e < chosen.length; e++) {
            chosen[e] += other.chosen[e];
            probabilities[e] += other.probabilities[e];
        }
        rows += other.rows;
    }

    /** Returns the balancing loss, without a weight. */
    public double loss() {
        double sum = 0;
        for (int e = 0; e < chosen.length; e++) {
            sum += (double) chosen[e] / rows * (probabilities[e] / rows);
        }
        return chosen.length * sum;
    }

    /**
     * Returns the loss's derivative by an expert's probability in any of the rows, for each expert; what is chosen counts as
     * a constant.
     *
     * @param weight of the loss
     */
    public double[] slopes(double weight) {
        double[] slopes = new double[chosen.length];
        for (int e = 0; e < slopes.length; e++) {
            slopes[e] = weight * chosen.length * chosen[e] / rows / rows;
        }
        return slopes;
    }
}
