package ai.rpo.bench;

import java.util.Locale;
import java.util.Random;

/**
 * Predicts the time of an averaging round. A worker's state of S bytes is published once, fetched in w shares of S/w by w averaging
 * tasks, and its mean fetched by everybody, the driver included; every byte that crosses a machine's border costs
 * its link, every byte that a core touches costs memory bandwidth.
 *
 * <pre>
 * round = compute + wait + jobs + blocks + publish + (average and fetch) + driver
 * </pre>
 *
 * {@code wait} is simulated: steps vary from worker to worker with a relative deviation σ, and all wait for the slowest.
 */
public final class RoundModel {

    private static final int TRIALS = 4000;
    private static final double CHUNK = 16 << 20;

    /**
     * @param cores that share the memory bandwidth; workers in excess take turns
     * @param copySeconds of one core per byte copied
     * @param jobSeconds of a Spark job without work
     * @param taskSeconds of the driver per task
     * @param blockSeconds of the driver per block that is registered
     * @param linkBytes per second and direction of a machine's link; infinite within one JVM
     * @param stepDeviation relative standard deviation of a worker's steps
     */
    record Machine(
            int cores,
            double copySeconds,
            double jobSeconds,
            double taskSeconds,
            double blockSeconds,
            double linkBytes,
            double stepDeviation) {

        /** The machine that the measurements were taken on: all workers in one JVM. */
        static Machine measured() {
            return new Machine(2, 3.2e-10, 0.03, 0.004, 2e-4, Double.POSITIVE_INFINITY, 0.02);
        }

        /** A cluster of machines with one worker and some cores for copying each. */
        static Machine cluster(double gigabitsPerSecond) {
            return new Machine(Integer.MAX_VALUE, 3.2e-10, 0.05, 0.004, 2e-4, gigabitsPerSecond * 1e9 / 8, 0.02);
        }
    }

    private RoundModel() {}

    /** Seconds of a round without the steps themselves and without waiting for the slowest. */
    static double exchangeSeconds(Machine machine, double parameters, int workers) {
        double state = 3 * Float.BYTES * parameters;
        double turns = Math.max(1, (double) workers / machine.cores());
        // A worker reads the common state and publishes its own; copying in and out of a block touches each byte once.
        double worker = turns * 2 * state * machine.copySeconds() + state / machine.linkBytes();
        // Averaging touches every contribution once and writes the mean; the tasks share that between them.
        double tasks = Math.min(workers, machine.cores());
        double averaging = workers == 1
                ? 0
                : (workers + 1.5) * state / tasks * machine.copySeconds()
                        + state * (workers - 1) / workers / machine.linkBytes();
        double driver = state * machine.copySeconds() + state / machine.linkBytes();
        double jobs = (workers == 1 ? 1 : 2) * machine.jobSeconds() + 2 * workers * machine.taskSeconds();
        double blocks = (workers + 1) * Math.ceil(state / CHUNK) * machine.blockSeconds();
        return worker + averaging + driver + jobs + blocks;
    }

    /** Share of the steps' time for which the mean worker waits for the slowest. */
    static double waitShare(double deviation, int workers, int steps) {
        Random random = new Random(1);
        double sum = 0;
        for (int trial = 0; trial < TRIALS; trial++) {
            double slowest = 0;
            double total = 0;
            for (int worker = 0; worker < workers; worker++) {
                double seconds = 1 + deviation * random.nextGaussian() / Math.sqrt(steps);
                slowest = Math.max(slowest, seconds);
                total += seconds;
            }
            sum += slowest - total / workers;
        }
        return sum / TRIALS;
    }

    /** Prints the tables of docs/scaling.md: {@code [measured PARAMETERS]}. */
    public static void main(String[] args) {
        if (args.length == 2) {
            for (int workers : new int[] {1, 2, 3, 4}) {
                print(
                        "%d workers: %.3f s",
                        workers, exchangeSeconds(Machine.measured(), Double.parseDouble(args[1]), workers));
            }
            return;
        }
        double stepSeconds = 1;
        int frequency = 16;
        for (double parameters : new double[] {134.5e6, 1e9, 7e9}) {
            for (double gigabits : new double[] {10, 100}) {
                for (int workers : new int[] {8, 64, 512}) {
                    Machine machine = Machine.cluster(gigabits);
                    double exchange = exchangeSeconds(machine, parameters, workers);
                    double wait = waitShare(machine.stepDeviation(), workers, frequency) * frequency * stepSeconds;
                    print(
                            "| %.0f M | %.0f Gbit/s | %d | %.1f s | %.2f s | %.0f %% |",
                            parameters / 1e6,
                            gigabits,
                            workers,
                            exchange,
                            wait,
                            100 * (exchange + wait) / (exchange + wait + frequency * stepSeconds));
                }
            }
        }
    }

    private static void print(String format, Object... values) {
        System.out.println(String.format(Locale.ROOT, format, values));
    }
}
