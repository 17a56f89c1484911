package ai.rpo.core.tensor.cpu;

import ai.rpo.core.tensor.Activation;
import ai.rpo.core.tensor.AdamStep;
import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Segment;
import ai.rpo.core.tensor.Shapes;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.nd4j.Nd4jStorage;
import ai.rpo.core.tensor.nd4j.Nd4jTensor;
import ai.rpo.core.tensor.nd4j.OpenMp;
import java.util.List;

/**
 * The fast backend for processors: products through oneDNN, everything between them in fused kernels of our own, both
 * on ND4J's memory and on one pool of threads. OneDNN is only ever asked for one thread's part of a product, so that
 * its OpenMP threads never compete with the pool's.
 */
public final class CpuBackend implements Backend {

    private static final int CHUNK = 1 << 14; // elements moved by one task

    private final String description;
    private final WorkerPool pool;
    private final ProductKernel products;
    private final NormKernel norm;
    private final RotaryKernel rotary;
    private final AttentionKernel attention;
    private final ActivationKernel activations;
    private final LogpKernel logps;
    private final AdamKernel adam;

    CpuBackend(OneDnn library, RowMath math, boolean primitives, boolean bfloat16, int threads) {
        description = library.describe() + ", " + math.describe() + ", "
                + (bfloat16 ? "bfloat16 products" : "float32") + ", " + threads
                + (threads == 1 ? " thread" : " threads");
        pool = new WorkerPool(threads, ThreadLocal.withInitial(() -> {
            OpenMp.useThreads(1);
            return new Lane(new OneDnnGemm(library, primitives, bfloat16));
        }));
        products = new ProductKernel(pool);
        norm = new NormKernel(pool, math);
        rotary = new RotaryKernel(pool);
        attention = new AttentionKernel(pool, math);
        activations = new ActivationKernel(pool, math);
        logps = new LogpKernel(pool, math);
        adam = new AdamKernel(pool);
    }

    /**
     * @param bfloat16 let products round their inputs, where the processor gains by it
     * @param threads the caller's included
     * @throws LinkageError if oneDNN cannot be loaded here
     * @throws IllegalStateException if ND4J does not compute in the host's memory
     */
    public static CpuBackend create(boolean bfloat16, int threads) {
        if (!Nd4jStorage.inHostMemory()) {
            throw new IllegalStateException("Cannot compute on the processor: ND4J's memory is a device's.");
        }
        OneDnn library = new OneDnn();
        RowMath math = hasVectorApi() ? new VectorMath() : new LoopMath();
        boolean rounds = bfloat16 && library.hasBfloat16();
        return new CpuBackend(library, math, library.prefersPrimitives() || rounds, rounds, threads);
    }

    /** Whether the JVM was started with {@code --add-modules jdk.incubator.vector}. */
    public static boolean hasVectorApi() {
        return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    }

    @Override
    public String describe() {
        return description;
    }

    @Override
    public Storage allocate(long size) {
        return Nd4jStorage.allocate(size);
    }

    @Override
    public void zero(Tensor out) {
        long to = address(out);
        move(out.size(), (from, length, lane) -> OffHeap.zero(to + Float.BYTES * from, length));
    }

    @Override
    public void copy(Tensor x, Tensor out) {
        Shapes.requireSame(x, out);
        long a = address(x);
        long b = address(out);
        move(x.size(), (from, length, lane) -> OffHeap.copy(a + Float.BYTES * from, b + Float.BYTES * from, length));
    }

    @Override
    public void add(Tensor x, Tensor into) {
        Shapes.requireSame(x, into);
        long a = address(x);
        long b = address(into);
        move(x.size(), (from, length, lane) -> addRange(a + Float.BYTES * from, b + Float.BYTES * from, length, lane));
    }

    @FunctionalInterface
    private interface Move {
        void run(long from, int length, Lane lane);
    }

    private void move(long size, Move body) {
        pool.run(Math.toIntExact((size + CHUNK - 1) / CHUNK), (task, lane) -> {
            long from = (long) task * CHUNK;
            body.run(from, (int) Math.min(CHUNK, size - from), lane);
        });
    }

    private static void addRange(long x, long into, int length, Lane lane) {
        float[] a = lane.array(0, length);
        float[] b = lane.array(1, length);
        OffHeap.read(x, a, 0, length);
        OffHeap.read(into, b, 0, length);
        for (int i = 0; i < length; i++) {
            b[i] += a[i];
        }
        OffHeap.write(b, 0, into, length);
    }

    @Override
    public void gatherRows(Tensor table, int[] rows, Tensor out) {
        Shapes.requireRows(table, rows, out);
        int columns = table.columns();
        long from = address(table);
        long to = address(out);
        RowBlocks blocks = RowBlocks.of(rows.length, columns);
        pool.run(blocks.count(), (block, lane) -> {
            for (int i = blocks.from(block); i < blocks.to(block); i++) {
                OffHeap.copy(
                        from + Float.BYTES * ((long) rows[i] * columns),
                        to + Float.BYTES * ((long) i * columns),
                        columns);
            }
        });
    }

    /** Threads share the columns rather than the rows, so that rows which repeat are added in order. */
    @Override
    public void scatterAddRows(Tensor x, int[] rows, Tensor into) {
        Shapes.requireRows(into, rows, x);
        int columns = x.columns();
        long from = address(x);
        long to = address(into);
        int width = Math.max(64, (columns + pool.threads() - 1) / pool.threads());
        pool.run((columns + width - 1) / width, (task, lane) -> {
            int first = task * width;
            int length = Math.min(width, columns - first);
            for (int i = 0; i < rows.length; i++) {
                addRange(
                        from + Float.BYTES * ((long) i * columns + first),
                        to + Float.BYTES * ((long) rows[i] * columns + first),
                        length,
                        lane);
            }
        });
    }

    @Override
    public void linear(Tensor x, Tensor weight, Tensor out, boolean accumulate) {
        Shapes.requireLinear(x, weight, out);
        products.multiply(
                false,
                true,
                x.rows(),
                out.columns(),
                x.columns(),
                address(x),
                address(weight),
                accumulate,
                address(out));
    }

    @Override
    public void linearBackwardInput(Tensor dOut, Tensor weight, Tensor out, boolean accumulate) {
        Shapes.requireLinear(out, weight, dOut);
        products.multiply(
                false,
                false,
                dOut.rows(),
                out.columns(),
                dOut.columns(),
                address(dOut),
                address(weight),
                accumulate,
                address(out));
    }

    @Override
    public void linearBackwardWeight(Tensor dOut, Tensor x, Tensor intoWeight) {
        Shapes.requireLinear(x, intoWeight, dOut);
        products.multiply(
                true,
                false,
                dOut.columns(),
                x.columns(),
                x.rows(),
                address(dOut),
                address(x),
                true,
                address(intoWeight));
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, double epsilon, Tensor out, Tensor inverseRms) {
        Shapes.requireNorm(x, weight, out, inverseRms);
        norm.forward(x.rows(), x.columns(), address(x), address(weight), epsilon, address(out), address(inverseRms));
    }

    @Override
    public void rmsNormBackward(
            Tensor x, Tensor weight, Tensor inverseRms, Tensor dOut, Tensor intoX, Tensor intoWeight) {
        Shapes.requireNorm(x, weight, dOut, inverseRms);
        Shapes.requireNorm(x, intoWeight, intoX, inverseRms);
        norm.backward(
                x.rows(),
                x.columns(),
                address(x),
                address(weight),
                address(inverseRms),
                address(dOut),
                address(intoX),
                address(intoWeight));
    }

    @Override
    public void rotary(Tensor fused, AttentionShape shape, int[] positions, Tensor cos, Tensor sin, boolean inverse) {
        Shapes.requireRotary(fused, shape, positions, cos, sin);
        rotary.turn(
                address(fused),
                fused.columns(),
                shape.heads() + shape.keyValueHeads(),
                cos.columns(),
                positions,
                address(cos),
                address(sin),
                inverse);
    }

    @Override
    public void attention(Tensor fused, AttentionShape shape, List<Segment> segments, Tensor out, Tensor logSumExp) {
        Shapes.requireAttention(fused, shape, out, logSumExp);
        attention.forward(address(fused), shape, segments, address(out), address(logSumExp));
    }

    @Override
    public void attentionBackward(
            Tensor fused,
            AttentionShape shape,
            List<Segment> segments,
            Tensor out,
            Tensor logSumExp,
            Tensor dOut,
            Tensor dFused) {
        Shapes.requireAttention(fused, shape, out, logSumExp);
        Shapes.requireSame(out, dOut);
        Shapes.requireSame(fused, dFused);
        zero(dFused);
        attention.backward(
                address(fused), shape, segments, address(out), address(logSumExp), address(dOut), address(dFused));
    }

    @Override
    public void gatedActivation(Tensor gateUp, Activation activation, Tensor out) {
        Shapes.requireGated(gateUp, out);
        activations.forward(out.rows(), out.columns(), address(gateUp), activation, address(out));
    }

    @Override
    public void gatedActivationBackward(Tensor gateUp, Activation activation, Tensor dOut, Tensor dGateUp) {
        Shapes.requireGated(gateUp, dOut);
        Shapes.requireSame(gateUp, dGateUp);
        activations.backward(dOut.rows(), dOut.columns(), address(gateUp), activation, address(dOut), address(dGateUp));
    }

    @Override
    public void targetLogps(Tensor logits, int[] targets, int from, double[] logps, Tensor logSumExp) {
        Shapes.requireLogps(logits, logSumExp, targets, from, logps);
        this.logps.forward(logits.rows(), logits.columns(), address(logits), targets, from, logps, address(logSumExp));
    }

    @Override
    public void targetLogpsBackward(Tensor logits, Tensor logSumExp, int[] targets, int from, double[] coefficients) {
        Shapes.requireLogps(logits, logSumExp, targets, from, coefficients);
        logps.backward(
                logits.rows(), logits.columns(), address(logits), address(logSumExp), targets, from, coefficients);
    }

    @Override
    public void adam(Tensor gradient, Tensor firstMoment, Tensor secondMoment, AdamStep step) {
        Shapes.requireSame(gradient, firstMoment);
        Shapes.requireSame(gradient, secondMoment);
        adam.step(gradient.size(), address(gradient), address(firstMoment), address(secondMoment), step);
    }

    private static long address(Tensor tensor) {
        return ((Nd4jTensor) tensor).address();
    }
}
