package ai.rpo.core.theory.experiment;

/**
 * Sums up the scores that an ensemble's members give one answer.
 *
 * @param variance over the members as a population
 */
record Spread(double mean, double variance, double least) {

    static Spread of(double[] values) {
        double mean = 0;
        double least = Double.POSITIVE_INFINITY;
        for (double value : values) {
            mean += value / values.length;
            least = Math.min(least, value);
        }
        double variance = 0;
        for (double value : values) {
            variance += (value - mean) * (value - mean) / values.length;
        }
        return new Spread(mean, variance, least);
    }

    double lessVariance(double weight) {
        return mean - weight * variance;
    }
}
