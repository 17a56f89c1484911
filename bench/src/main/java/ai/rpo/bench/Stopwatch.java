package ai.rpo.bench;

import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;

/** Times work of a backend that may go on after the call that asks for it. */
final class Stopwatch {

    private final Backend backend;
    private final Tensor probe;

    Stopwatch(Backend backend) {
        this.backend = backend;
        probe = backend.allocate(1).tensor(0, 1, 1);
    }

    /** Waits for all that was asked of the backend: a number is read back. */
    void await() {
        backend.norm(probe);
    }

    /** Seconds that each of many repetitions takes, which together take {@code atLeast}; after two to warm up. */
    double secondsEach(Runnable work, double atLeast) {
        work.run();
        work.run();
        await();
        for (int count = 1; ; count *= 2) {
            long start = System.nanoTime();
            for (int i = 0; i < count; i++) {
                work.run();
            }
            await();
            double seconds = secondsSince(start);
            if (seconds >= atLeast) {
                return seconds / count;
            }
        }
    }

    /** Seconds of each step, after one or two to warm up: as many as {@code most}, or as begin in so much time. */
    List<Double> steps(Runnable step, int most, double limit) {
        long begun = System.nanoTime();
        step.run();
        await();
        if (secondsSince(begun) < limit / 4) {
            step.run();
            await();
        }
        List<Double> seconds = new ArrayList<>();
        while (seconds.isEmpty() || seconds.size() < most && secondsSince(begun) < limit) {
            long start = System.nanoTime();
            step.run();
            await();
            seconds.add(secondsSince(start));
        }
        return seconds;
    }

    static double median(List<Double> seconds) {
        return median(seconds.stream().mapToDouble(Double::doubleValue));
    }

    static double median(DoubleStream numbers) {
        double[] sorted = numbers.sorted().toArray();
        return sorted[sorted.length / 2];
    }

    static double secondsSince(long start) {
        return (System.nanoTime() - start) / 1e9;
    }
}
