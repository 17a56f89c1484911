package ai.rpo.bench;

import ai.rpo.bench.RoundModel.Machines;
import ai.rpo.bench.RoundModel.Seconds;
import ai.rpo.bench.RoundModel.Work;
import ai.rpo.core.Progress;
import java.io.IOException;
import java.util.Collections;
import java.util.Locale;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * What rounds take on clusters that are not here: {@code GIGABITS STEP_SECONDS}. Measures what this machine does with two
 * workers, compares the {@link RoundModel} that follows with rounds of 1, 2 and 4 workers here, and prints its forecast for 8, 64
 * and 512 workers that have a machine each, behind links of so many gigabits a second.
 */
public final class RoundForecast {

    private static final int ROUNDS = 6;
    private static final int TASKS = 500;
    private static final int CHUNK = 1 << 22;

    /** Standard deviation of a worker's computing time in a round, as a share of it. */
    private static final double SPREAD = 0.02;

    private RoundForecast() {}

    public static void main(String[] args) throws IOException {
        double gigabits = Double.parseDouble(args[0]);
        double step = Double.parseDouble(args[1]);
        Machines here = measure();
        print(
                "One core copies %.2f GB/s and adds %.0f million numbers/s; the driver takes %.1f ms for a task, %.0f ms for the"
                        + " rest of a round.",
                here.copy() / 1e9, here.averaging() / 1e6, here.task() * 1e3, here.fixed() * 1e3);
        check(new RoundModel(here));
        forecast(
                new RoundModel(
                        new Machines(gigabits / 8 * 1e9, here.copy(), here.averaging(), here.task(), here.fixed(), 0)),
                gigabits,
                step);
    }

    private static Machines measure() throws IOException {
        Rounds rounds = rounds(Shape.SMALL, 2);
        try (SparkSession spark = rounds.session()) {
            Rounds.Median round = rounds.train(spark, Progress.NONE);
            JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
            double task = secondsPerTask(context);
            Work work = work(Shape.SMALL.parameters(), 2, 1, 0);
            double numbers = (double) work.stateBytes() / Float.BYTES;
            double rest = round.exchange() - round.transfer() - round.averaging();
            double counted = new RoundModel(new Machines(0, 1, 1, task, 0, 2))
                    .predict(work)
                    .scheduling();
            return new Machines(
                    0,
                    3 * work.stateBytes() / round.transfer(),
                    numbers / round.averaging(), // each of two tasks adds half of the numbers twice
                    task,
                    Math.max(0, rest - counted),
                    Runtime.getRuntime().availableProcessors());
        }
    }

    private static void check(RoundModel model) throws IOException {
        print("| parameters | workers | measured: a round without its steps | predicted |");
        print("| --- | --- | --- | --- |");
        for (Shape shape : new Shape[] {Shape.TINY, Shape.SMALL}) {
            for (int workers : new int[] {1, 2, 4}) {
                Rounds rounds = rounds(shape, workers);
                try (SparkSession spark = rounds.session()) {
                    double measured = rounds.train(spark, Progress.NONE).exchange();
                    double predicted = model.predict(work(shape.parameters(), workers, 1, 0))
                            .exchange();
                    print("| %.1f M | %d | %.2f s | %.2f s |", shape.parameters() / 1e6, workers, measured, predicted);
                }
            }
        }
    }

    private static void forecast(RoundModel model, double gigabits, double step) {
        print(
                "Links of %.0f Gbit/s, steps of %.2f s that spread by %.0f %%: seconds of an exchange, and the share of a round that"
                        + " is not compute",
                gigabits, step, 100 * SPREAD);
        print("| parameters | workers | exchange | transfer | averaging | scheduling | k = 1 | k = 16 | k = 64 |");
        print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        for (long parameters : new long[] {Shape.SMALL.parameters(), Shape.SMOLLM2.parameters(), 1_000_000_000L}) {
            for (int workers : new int[] {8, 64, 512}) {
                Seconds one = model.predict(work(parameters, workers, 1, step));
                print(
                        "| %.0f M | %d | %.1f s | %.1f | %.1f | %.1f | %.0f %% | %.0f %% | %.0f %% |",
                        parameters / 1e6,
                        workers,
                        one.exchange(),
                        one.transfer(),
                        one.averaging(),
                        one.scheduling(),
                        100 * one.overheadShare(),
                        100 * model.predict(work(parameters, workers, 16, step)).overheadShare(),
                        100 * model.predict(work(parameters, workers, 64, step)).overheadShare());
            }
        }
    }

    private static Rounds rounds(Shape shape, int workers) {
        return new Rounds(shape, workers, 1, ROUNDS, 8, 8, 1);
    }

    /** With both of Adam's moments, in chunks as training cuts them. */
    private static Work work(long parameters, int workers, int steps, double step) {
        int chunks = Math.toIntExact((parameters + CHUNK - 1) / CHUNK + (2 * parameters + CHUNK - 1) / CHUNK);
        return new Work(3 * Float.BYTES * parameters, chunks, workers, steps, step, SPREAD);
    }

    private static double secondsPerTask(JavaSparkContext spark) {
        double seconds = 0;
        for (int warm = 0; warm < 3; warm++) {
            long began = System.nanoTime();
            spark.parallelize(Collections.nCopies(TASKS, 0), TASKS).foreach(nothing -> {});
            seconds = (System.nanoTime() - began) / 1e9 / TASKS;
        }
        return seconds;
    }

    private static void print(String format, Object... values) {
        System.out.println(String.format(Locale.ROOT, format, values));
    }
}
