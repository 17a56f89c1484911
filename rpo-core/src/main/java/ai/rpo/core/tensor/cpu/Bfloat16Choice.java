package ai.rpo.core.tensor.cpu;

import java.util.Locale;
import java.util.function.DoubleSupplier;
import org.bytedeco.javacpp.FloatPointer;

/**
 * Decides whether products that may round their operands do so on this processor. With AMX they win many times over; with
 * the instructions of AVX-512 alone it depends on the processor, and is measured once in a JVM.
 *
 * @param rounds whether they do
 * @param description what computes, and why not as asked for
 */
record Bfloat16Choice(boolean rounds, String description) {

    private static final int TOKENS = 384;
    private static final int OUTPUTS = 512;
    private static final int INPUTS = 1024;
    private static final int ROUNDS = 7; // the shortest of them counts, so that other work hardly matters

    private static Bfloat16Choice here;

    /** Returns what holds for this processor. */
    static synchronized Bfloat16Choice here(OneDnn library) {
        if (here == null) {
            here = of(library.hasBfloat16(), library.hasAmx(), () -> gain(library));
        }
        return here;
    }

    /** @param gain the rate of products of bfloat16, as a multiple of float32's */
    static Bfloat16Choice of(boolean instructions, boolean amx, DoubleSupplier gain) {
        if (!instructions) {
            return float32("this processor has no instructions for it");
        }
        if (amx) {
            return new Bfloat16Choice(true, "bfloat16 products");
        }
        double times = gain.getAsDouble();
        return times > 1
                ? new Bfloat16Choice(
                        true,
                        String.format(Locale.ROOT, "bfloat16 products (measured: %.1f times float32's rate)", times))
                : float32(String.format(Locale.ROOT, "measured, its products have %.2f times float32's rate", times));
    }

    private static Bfloat16Choice float32(String why) {
        return new Bfloat16Choice(false, "float32 (not bfloat16 as asked for: " + why + ")");
    }

    /** Measures it on one thread, the rounding of both operands included. */
    private static double gain(OneDnn library) {
        WorkerPool pool = new WorkerPool(
                1, ThreadLocal.withInitial(() -> new Lane(new OneDnnGemm(library, library.prefersPrimitives()))));
        ProductKernel rounding = new ProductKernel(pool, true);
        ProductKernel exact = new ProductKernel(pool, false);
        long numbers = (long) (TOKENS + OUTPUTS) * INPUTS + (long) TOKENS * OUTPUTS;
        try (FloatPointer memory = new FloatPointer(numbers);
                Lane lane = pool.lane()) {
            OffHeap.zero(memory.address(), numbers);
            double shortest = Double.POSITIVE_INFINITY;
            double shortestRounding = Double.POSITIVE_INFINITY;
            for (int i = 0; i < ROUNDS; i++) {
                shortest = Math.min(shortest, nanos(exact, memory.address()));
                shortestRounding = Math.min(shortestRounding, nanos(rounding, memory.address()));
            }
            return shortest / shortestRounding;
        }
    }

    private static double nanos(ProductKernel products, long a) {
        long b = OffHeap.row(a, TOKENS, INPUTS);
        long c = OffHeap.row(b, OUTPUTS, INPUTS);
        long start = System.nanoTime();
        products.multiply(false, true, TOKENS, OUTPUTS, INPUTS, a, b, false, c);
        return System.nanoTime() - start;
    }
}
