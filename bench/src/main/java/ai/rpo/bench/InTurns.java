package ai.rpo.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Times steps in turns with a large product, of which some are made before and after each step. On a machine whose rate
 * changes from second to second, a step's share of the rate beside it says more than its time. Where others compute too,
 * the share in processor time says more than that by the clock; that a thread waits for another is in it for some
 * microseconds only, until the thread sleeps.
 *
 * @param products one more than steps
 */
record InTurns(List<Timing> steps, List<Timing> products) {

    private static final double SHARE = 0.1; // of a step's time for the products behind it

    /**
     * @param step warm
     * @param operations that it needs
     */
    static InTurns time(Runnable step, double operations, int count) {
        LargeProduct product = new LargeProduct();
        List<Timing> steps = new ArrayList<>();
        List<Timing> products = new ArrayList<>();
        products.add(product.time(SHARE));
        for (int i = 0; i < count; i++) {
            Timing.Watch watch = Timing.start();
            step.run();
            steps.add(watch.stop(operations));
            products.add(product.time(SHARE * steps.get(i).seconds()));
        }
        return new InTurns(steps, products);
    }

    double medianSeconds() {
        return Stopwatch.median(steps.stream().mapToDouble(Timing::seconds));
    }

    /** Operations a second, in the median. */
    double medianProductRate() {
        return Stopwatch.median(products.stream().mapToDouble(Timing::rate));
    }

    /** The median, over steps, of a step's rate as a share of that of the products before and after it. */
    double medianShare() {
        return Stopwatch.median(IntStream.range(0, steps.size())
                .mapToDouble(i -> steps.get(i).rate()
                        / products.get(i).plus(products.get(i + 1)).rate()));
    }

    /** The same in processor time, of all steps and products: the system counts it in hundredths of a second. */
    double shareInProcessorTime() {
        return sum(steps).processorRate() / sum(products).processorRate();
    }

    private static Timing sum(List<Timing> timings) {
        return timings.stream().reduce(Timing::plus).orElseThrow();
    }
}
