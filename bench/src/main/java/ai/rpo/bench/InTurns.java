package ai.rpo.bench;

import java.util.Arrays;

/**
 * Times steps in turns with a large product, of which some are made before and after each step. On a machine whose rate
 * changes from second to second, a step's share of the rate beside it says more than its time.
 */
final class InTurns {

    private static final double SHARE = 0.1; // of a step's time for the products behind it

    private final double[] seconds;
    private final double[] productRates; // one more than steps

    private InTurns(int steps) {
        seconds = new double[steps];
        productRates = new double[steps + 1];
    }

    /** @param step warm */
    static InTurns time(Runnable step, int steps) {
        InTurns times = new InTurns(steps);
        LargeProduct product = new LargeProduct();
        times.productRates[0] = product.rate(SHARE);
        for (int i = 0; i < steps; i++) {
            long start = System.nanoTime();
            step.run();
            times.seconds[i] = Stopwatch.secondsSince(start);
            times.productRates[i + 1] = product.rate(SHARE * times.seconds[i]);
        }
        return times;
    }

    double medianSeconds() {
        return median(seconds.clone());
    }

    /** Operations a second, in the median. */
    double medianProductRate() {
        return median(productRates.clone());
    }

    /** The median, over steps, of a step's rate as a share of that of the products before and after it. */
    double medianShare(double operations) {
        double[] shares = new double[seconds.length];
        for (int i = 0; i < shares.length; i++) {
            shares[i] = operations / seconds[i] / ((productRates[i] + productRates[i + 1]) / 2);
        }
        return median(shares);
    }

    private static double median(double[] numbers) {
        Arrays.sort(numbers);
        return numbers[numbers.length / 2];
    }
}
