package ai.rpo.bench;

import ai.rpo.core.loss.TrainingExample;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Times whole steps; {@link StepOptions} says which. Prints the median after two steps of warm-up, in the units of the
 * peer's benchmark, the rate of the arithmetic that is needed, also as a share of the rate of a large product beside each
 * step, and what a step allocates on the heap. Where lengths are ragged, those of each pair are drawn anew, from half to
 * one and a half times those given; else every step takes the same batch.
 */
public final class StepBenchmark {

    private static final int WARM_UP = 2;

    private StepBenchmark() {}

    public static void main(String[] args) throws IOException {
        StepOptions options = StepOptions.of(args);
        Supplier<List<TrainingExample>> batches = batches(options);
        Consumer<List<TrainingExample>> work = Steps.of(options, options.pairs());
        Runnable step = () -> work.accept(batches.get());
        for (int i = 0; i < WARM_UP; i++) {
            step.run();
        }
        int pairs = options.pairs();
        double flops = pairs * options.shape().forwardFlops(options.prompt(), options.response()) * options.passes();
        long allocated = allocatedBytes();
        InTurns times = InTurns.time(step, flops, options.steps());
        double allocatedPerStep = (double) (allocatedBytes() - allocated) / options.steps();
        double seconds = times.medianSeconds();
        System.out.printf(
                Locale.ROOT,
                "%s shape=%s %d+%d pairs=%d %s: median %.3f s, %.3f pairs/s, %.0f tokens/s, %.1f GFLOP/s (%.1f %% of a product's by the clock, %.1f %% in processor time; a product's is %.0f), peak %.0f MB, %.2f MB allocated a step%n",
                options.work(),
                options.shape(),
                options.prompt(),
                options.response(),
                pairs,
                options.precision().key(),
                seconds,
                pairs / seconds,
                pairs * 2 * (options.prompt() + options.response()) / seconds,
                flops / seconds / 1e9,
                100 * times.medianShare(),
                100 * times.shareInProcessorTime(),
                times.medianProductRate() / 1e9,
                peakMegabytes(),
                allocatedPerStep / (1 << 20));
    }

    private static Supplier<List<TrainingExample>> batches(StepOptions options) {
        if (!options.ragged()) {
            List<TrainingExample> batch = options.shape().pairs(options.pairs(), options.prompt(), options.response());
            return () -> batch;
        }
        Random random = new Random(3);
        return () -> IntStream.range(0, options.pairs())
                .mapToObj(i -> options.shape()
                        .pairs(1, about(options.prompt(), random), about(options.response(), random))
                        .get(0))
                .toList();
    }

    private static int about(int length, Random random) {
        return length / 2 + random.nextInt(length + 1);
    }

    /** By all threads that live now, on the heap. */
    private static long allocatedBytes() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return Arrays.stream(threads.getThreadAllocatedBytes(threads.getAllThreadIds()))
                .filter(bytes -> bytes > 0)
                .sum();
    }

    /** The process's largest resident size so far; NaN where the system does not tell. */
    private static double peakMegabytes() {
        OptionalLong peak = MemoryInUse.mostOfProcess();
        return peak.isPresent() ? peak.getAsLong() / 0x1p20 : Double.NaN;
    }
}
