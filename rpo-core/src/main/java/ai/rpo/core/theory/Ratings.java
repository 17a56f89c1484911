package ai.rpo.core.theory;

/**
 * Answers with scalar rewards instead of comparisons, and their squared loss Σ share·(r − mean)².
 *
 * @param shares of each action among the data; they sum to 1
 * @param means of the rewards seen for each action
 */
public record Ratings(double[] shares, double[] means) implements ConvexFunction {

    public Ratings {
        if (shares.length != means.length) {
            throw new IllegalArgumentException("Cannot use " + means.length + " mean rewards of " + shares.length
                    + " actions: give one for each.");
        }
    }

    @Override
    public double value(double[] rewards) {
        double sum = 0;
        for (int i = 0; i < rewards.length; i++) {
            sum += shares[i] * (rewards[i] - means[i]) * (rewards[i] - means[i]);
        }
        return sum;
    }

    @Override
    public double[] gradient(double[] rewards) {
        double[] gradient = new double[rewards.length];
        for (int i = 0; i < rewards.length; i++) {
            gradient[i] = 2 * shares[i] * (rewards[i] - means[i]);
        }
        return gradient;
    }

    @Override
    public double[][] hessian(double[] rewards) {
        double[][] hessian = new double[rewards.length][rewards.length];
        for (int i = 0; i < rewards.length; i++) {
            hessian[i][i] = 2 * shares[i];
        }
        return hessian;
    }
}
