package ai.rpo.core.judge.figures;

/**
 * Mean and spread of numbers.
 *
 * @param deviation the standard deviation with n − 1; 0 of a single number
 */
record Moments(int n, double mean, double deviation) {

    static Moments of(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        double mean = sum / values.length;
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        return new Moments(values.length, mean, values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1)));
    }

    /** Estimates the error of the mean, were the numbers independent. */
    double standardError() {
        return deviation / Math.sqrt(n);
    }
}
