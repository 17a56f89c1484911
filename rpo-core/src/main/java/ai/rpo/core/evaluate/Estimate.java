package ai.rpo.core.evaluate;

/**
 * A mean with its 95 % confidence interval.
 *
 * @param mean of the sample
 * @param low lower end
 * @param high upper end
 */
public record Estimate(double mean, double low, double high) {

    /** 97.5 % quantile of the standard normal distribution. */
    private static final double Z = 1.959963984540054;

    /** Takes the normal approximation, from the sample's standard deviation; a single value has itself as interval. */
    public static Estimate ofMean(double[] values) {
        double mean = 0;
        for (double value : values) {
            mean += value / values.length;
        }
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        double error = values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1) / values.length);
        return new Estimate(mean, mean - Z * error, mean + Z * error);
    }

    /** Wilson's score interval, which stays inside [0, 1] and holds for rates near its ends. */
    static Estimate ofRate(long successes, long trials) {
        double rate = (double) successes / trials;
        double z2 = Z * Z / trials;
        double centre = (rate + z2 / 2) / (1 + z2);
        double half = Z * Math.sqrt(rate * (1 - rate) / trials + z2 / (4 * trials)) / (1 + z2);
        return new Estimate(rate, Math.max(0, centre - half), Math.min(1, centre + half));
    }
}
