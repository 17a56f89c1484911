package ai.rpo.core.tensor.cpu;

import ai.rpo.core.tensor.Activation;
import ai.rpo.core.tensor.AdamStep;
import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.CachedSegment;
import ai.rpo.core.tensor.ClampedGate;
import ai.rpo.core.tensor.Packed;
import ai.rpo.core.tensor.PackedMatrix;
import ai.rpo.core.tensor.Precision;
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

    private final String description;
    private final Precision operands;
    private final ElementwiseKernel elementwise;
    private final ProductKernel products;
    private final WidenedProducts widened;
    private final NormKernel norm;
    private final RotaryKernel rotary;
    private final AttentionKernel attention;
    private final CachedAttentionKernel cachedAttention;
    private final SinkKernel sinks;
    private final ActivationKernel activations;
    private final LogpKernel logps;
    private final AdamKernel adam;
    private final UnpackKernel unpacking;
    private final MagnitudeKernel columns;

    CpuBackend(OneDnn library, RowMath math, boolean bfloat16, WorkerPool pool, String precision) {
        description = library.describe() + ", " + math.describe() + ", " + precision + ", " + pool.threads()
                + (pool.threads() == 1 ? " thread" : " threads");
        operands = bfloat16 ? Precision.BFLOAT16 : Precision.FLOAT32;
        elementwise = new ElementwiseKernel(pool, math);
        products = new ProductKernel(pool, bfloat16);
        widened = new WidenedProducts(pool, math, products);
        norm = new NormKernel(pool, math);
        rotary = new RotaryKernel(pool);
        attention = new AttentionKernel(pool, math);
        cachedAttention = new CachedAttentionKernel(pool, math);
        sinks = new SinkKernel(pool, math);
        activations = new ActivationKernel(pool, math);
        logps = new LogpKernel(pool, math);
        adam = new AdamKernel(pool);
        unpacking = new UnpackKernel(pool, math);
        columns = new MagnitudeKernel(pool, math);
    }

    CpuBackend(OneDnn library, RowMath math, boolean primitives, boolean bfloat16, int threads) {
        this(
                library,
                math,
                bfloat16,
                new WorkerPool(threads, lanes(library, primitives)),
                bfloat16 ? "bfloat16 products" : "float32");
    }

    /** Makes what a thread of a pool multiplies with. */
    static ThreadLocal<Lane> lanes(OneDnn library, boolean primitives) {
        return ThreadLocal.withInitial(() -> {
            OpenMp.useThreads(1);
            return new Lane(new OneDnnGemm(library, primitives));
        });
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
        OneDnn library = OneDnn.shared();
        RowMath math = hasVectorApi() ? new VectorMath() : new LoopMath();
        Bfloat16Choice choice = bfloat16 ? Bfloat16Choice.here(library) : new Bfloat16Choice(false, "float32");
        WorkerPool pool = new WorkerPool(threads, lanes(library, library.prefersPrimitives()));
        return new CpuBackend(library, math, choice.rounds(), pool, choice.description());
    }

    /** Tells whether the JVM was started with {@code --add-modules jdk.incubator.vector}. */
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
    public Precision products() {
        return operands;
    }

    @Override
    public boolean widens() {
        return operands != Precision.BFLOAT16;
    }

    @Override
    public Storage allocateRounded(long size) {
        return new RoundedStorage(size);
    }

    @Override
    public Packed pack(PackedMatrix matrix) {
        return PackedMemory.of(matrix);
    }

    @Override
    public void unpack(Packed packed, int firstRow, Tensor out) {
        Shapes.requireUnpacked(packed, firstRow, out);
        unpacking.unpack((PackedMemory) packed, (long) firstRow * packed.columns(), address(out), out.size());
    }

    @Override
    public void zero(Tensor out) {
        elementwise.zero(address(out), out.size());
    }

    @Override
    public void copy(Tensor x, Tensor out) {
        Shapes.requireSame(x, out);
        elementwise.copy(address(x), address(out), x.size());
    }

    @Override
    public void add(Tensor x, Tensor into) {
        Shapes.requireSame(x, into);
        elementwise.add(address(x), address(into), x.size());
    }

    @Override
    public void scale(Tensor x, double factor) {
        elementwise.scale(address(x), factor, x.size());
    }

    @Override
    public double norm(Tensor x) {
        return Math.sqrt(elementwise.sumOfSquares(address(x), x.size()));
    }

    @Override
    public void addRow(Tensor row, Tensor into) {
        Shapes.requireRow(row, into);
        elementwise.addRow(address(row), address(into), into.rows(), into.columns());
    }

    @Override
    public void addRowBackward(Tensor dOut, Tensor intoRow) {
        Shapes.requireRow(intoRow, dOut);
        elementwise.addRowBackward(address(dOut), address(intoRow), dOut.rows(), dOut.columns());
    }

    @Override
    public void scaleColumns(Tensor x, Tensor row, Tensor out) {
        Shapes.requireRow(row, x);
        Shapes.requireSame(x, out);
        columns.scale(address(x), address(row), address(out), x.rows(), x.columns());
    }

    @Override
    public void columnDots(Tensor x, Tensor y, Tensor intoRow) {
        Shapes.requireSame(x, y);
        Shapes.requireRow(intoRow, x);
        columns.dots(address(x), address(y), address(intoRow), x.rows(), x.columns());
    }

    @Override
    public void inverseRowNorms(Tensor x, Tensor out) {
        Shapes.requireRowOfNorms(x, out);
        columns.inverseRowNorms(address(x), address(out), x.rows(), x.columns());
    }

    @Override
    public void gatherRows(Tensor table, int[] rows, Tensor out) {
        Shapes.requireRows(table, rows, out);
        if (table instanceof RoundedTensor rounded) {
            elementwise.gatherRounded(rounded.address(), rows, address(out), table.columns());
            return;
        }
        elementwise.gatherRows(address(table), rows, address(out), table.columns());
    }

    @Override
    public void scatterAddRows(Tensor x, int[] rows, Tensor into) {
        Shapes.requireRows(into, rows, x);
        elementwise.scatterAddRows(address(x), rows, address(into), x.columns());
    }

    @Override
    public void addColumns(Tensor x, int xFrom, Tensor into, int intoFrom, int columns) {
        Shapes.requireColumns(x, xFrom, into, intoFrom, columns);
        elementwise.addColumns(
                address(x) + (long) Float.BYTES * xFrom,
                x.columns(),
                address(into) + (long) Float.BYTES * intoFrom,
                into.columns(),
                x.rows(),
                columns);
    }

    @Override
    public void dropout(Tensor x, double rate, long[] keys, Tensor out) {
        Shapes.requireDropout(x, rate, keys, out);
        elementwise.dropout(address(x), rate, keys, address(out), x.columns());
    }

    @Override
    public void set(double[] numbers, Tensor out) {
        Shapes.requireNumbers(numbers, out);
        elementwise.set(numbers, address(out));
    }

    @Override
    public void mixRows(Tensor x, int[] rows, double[] shares, Tensor into) {
        int parts = Shapes.requireMixed(x, rows, shares, into);
        elementwise.mixRows(address(x), rows, shares, parts, address(into), x.columns());
    }

    @Override
    public void mixRowsBackward(Tensor x, int[] rows, double[] shares, Tensor dOut, Tensor dX, double[] dShares) {
        int parts = Shapes.requireMixed(x, rows, shares, dOut);
        Shapes.requireMixed(dX, rows, dShares, dOut);
        elementwise.mixRowsBackward(address(x), rows, shares, parts, address(dOut), address(dX), dShares, x.columns());
    }

    @Override
    public void linear(Tensor x, Tensor weight, Tensor out, boolean accumulate) {
        Shapes.requireLinear(x, weight, out);
        multiply(true, x.rows(), out.columns(), x.columns(), x, weight, accumulate, out);
    }

    @Override
    public void linearBackwardInput(Tensor dOut, Tensor weight, Tensor out, boolean accumulate) {
        Shapes.requireLinear(out, weight, dOut);
        multiply(false, dOut.rows(), out.columns(), dOut.columns(), dOut, weight, accumulate, out);
    }

    private void multiply(
            boolean transposeWeight, int m, int n, int k, Tensor x, Tensor weight, boolean accumulate, Tensor out) {
        if (weight instanceof RoundedTensor rounded && operands == Precision.BFLOAT16) {
            products.multiplyRounded(transposeWeight, m, n, k, address(x), rounded.address(), accumulate, address(out));
        } else if (weight instanceof RoundedTensor narrow) {
            widened.multiply(transposeWeight, m, n, k, address(x), narrow.address(), accumulate, address(out));
        } else {
            products.multiply(false, transposeWeight, m, n, k, address(x), address(weight), accumulate, address(out));
        }
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
        norm.rms(x.rows(), x.columns(), address(x), address(weight), epsilon, address(out), address(inverseRms));
    }

    @Override
    public void rmsNormBackward(
            Tensor x, Tensor weight, Tensor inverseRms, Tensor dOut, Tensor intoX, Tensor intoWeight) {
        Shapes.requireNorm(x, weight, dOut, inverseRms);
        Shapes.requireNorm(x, intoWeight, intoX, inverseRms);
        norm.rmsBackward(
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
    public void layerNorm(Tensor x, Tensor weight, Tensor bias, double epsilon, Tensor out, Tensor meanAndInverse) {
        Shapes.requireLayerNorm(x, weight, bias, out, meanAndInverse);
        norm.layer(
                x.rows(),
                x.columns(),
                address(x),
                address(weight),
                address(bias),
                epsilon,
                address(out),
                address(meanAndInverse));
    }

    @Override
    public void layerNormBackward(
            Tensor x,
            Tensor weight,
            Tensor meanAndInverse,
            Tensor dOut,
            Tensor intoX,
            Tensor intoWeight,
            Tensor intoBias) {
        Shapes.requireLayerNorm(x, weight, intoBias, dOut, meanAndInverse);
        Shapes.requireLayerNorm(x, intoWeight, intoBias, intoX, meanAndInverse);
        norm.layerBackward(
                x.rows(),
                x.columns(),
                address(x),
                address(weight),
                address(meanAndInverse),
                address(dOut),
                address(intoX),
                address(intoWeight),
                address(intoBias));
    }

    @Override
    public void headNorm(
            Tensor fused,
            AttentionShape shape,
            Tensor queryWeight,
            Tensor keyWeight,
            double epsilon,
            Tensor out,
            Tensor inverseRms) {
        Shapes.requireHeadNorm(fused, shape, queryWeight, keyWeight, inverseRms);
        Shapes.requireSame(fused, out);
        norm.heads(
                fused.rows(),
                shape,
                address(fused),
                address(queryWeight),
                address(keyWeight),
                epsilon,
                address(out),
                address(inverseRms));
    }

    @Override
    public void headNormBackward(
            Tensor fused,
            AttentionShape shape,
            Tensor queryWeight,
            Tensor keyWeight,
            Tensor inverseRms,
            Tensor gradient,
            Tensor intoQueryWeight,
            Tensor intoKeyWeight) {
        Shapes.requireHeadNorm(fused, shape, queryWeight, keyWeight, inverseRms);
        Shapes.requireHeadNorm(gradient, shape, intoQueryWeight, intoKeyWeight, inverseRms);
        norm.headsBackward(
                fused.rows(),
                shape,
                address(fused),
                address(queryWeight),
                address(keyWeight),
                address(inverseRms),
                address(gradient),
                address(intoQueryWeight),
                address(intoKeyWeight));
    }

    @Override
    public void rotary(Tensor fused, AttentionShape shape, int[] positions, Tensor cos, Tensor sin, boolean inverse) {
        Shapes.requireRotary(fused, shape, positions, cos, sin);
        rotary.turn(
                address(fused),
                fused.columns(),
                shape.heads() + shape.keyValueHeads(),
                shape.headDim(),
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
    public void cachedAttention(
            Tensor fused, AttentionShape shape, List<CachedSegment> segments, Tensor out, Tensor logSumExp) {
        Shapes.requireCachedAttention(fused, shape, segments, out, logSumExp);
        long[] caches =
                segments.stream().mapToLong(segment -> address(segment.cache())).toArray();
        cachedAttention.forward(address(fused), shape, segments, caches, address(out), address(logSumExp));
    }

    @Override
    public void attentionSinks(Tensor sinks, AttentionShape shape, Tensor out, Tensor logSumExp) {
        Shapes.requireSinks(sinks, shape, out, logSumExp);
        this.sinks.forward(out.rows(), shape, address(sinks), address(out), address(logSumExp));
    }

    @Override
    public void attentionSinksBackward(
            Tensor sinks, AttentionShape shape, Tensor out, Tensor logSumExp, Tensor dOut, Tensor intoSinks) {
        Shapes.requireSinks(sinks, shape, out, logSumExp);
        Shapes.requireSinks(intoSinks, shape, dOut, logSumExp);
        this.sinks.backward(
                out.rows(), shape, address(sinks), address(out), address(logSumExp), address(dOut), address(intoSinks));
    }

    @Override
    public void gatedActivation(Tensor gateUp, Activation activation, Tensor out) {
        Shapes.requireGated(gateUp, out);
        activations.gated(out.rows(), out.columns(), address(gateUp), activation, address(out));
    }

    @Override
    public void gatedActivationBackward(Tensor gateUp, Activation activation, Tensor dOut, Tensor dGateUp) {
        Shapes.requireGated(gateUp, dOut);
        Shapes.requireSame(gateUp, dGateUp);
        activations.gatedBackward(
                dOut.rows(), dOut.columns(), address(gateUp), activation, address(dOut), address(dGateUp));
    }

    @Override
    public void clampedGate(Tensor gateUp, ClampedGate gate, Tensor out) {
        Shapes.requireGated(gateUp, out);
        activations.clamped(out.rows(), out.columns(), address(gateUp), gate, address(out));
    }

    @Override
    public void clampedGateBackward(Tensor gateUp, ClampedGate gate, Tensor dOut, Tensor dGateUp) {
        Shapes.requireGated(gateUp, dOut);
        Shapes.requireSame(gateUp, dGateUp);
        activations.clampedBackward(
                dOut.rows(), dOut.columns(), address(gateUp), gate, address(dOut), address(dGateUp));
    }

    @Override
    public void activation(Tensor x, Activation activation, Tensor out) {
        Shapes.requireSame(x, out);
        activations.plain(x.rows(), x.columns(), address(x), activation, address(out));
    }

    @Override
    public void activationBackward(Tensor x, Activation activation, Tensor dOut, Tensor dX) {
        Shapes.requireSame(x, dOut);
        Shapes.requireSame(x, dX);
        activations.plainBackward(x.rows(), x.columns(), address(x), activation, address(dOut), address(dX));
    }

    @Override
    public void softCap(Tensor x, double cap) {
        elementwise.softCap(address(x), cap, x.size());
    }

    @Override
    public void softCapBackward(Tensor capped, double cap, Tensor gradient) {
        Shapes.requireSame(capped, gradient);
        elementwise.softCapBackward(address(capped), cap, address(gradient), gradient.size());
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
    public void adam(Tensor parameters, Tensor gradient, Tensor firstMoment, Tensor secondMoment, AdamStep step) {
        Shapes.requireSame(gradient, parameters);
        Shapes.requireSame(gradient, firstMoment);
        Shapes.requireSame(gradient, secondMoment);
        adam.step(
                gradient.size(),
                address(parameters),
                address(gradient),
                address(firstMoment),
                address(secondMoment),
                step);
    }

    private static long address(Tensor tensor) {
        return ((Nd4jTensor) tensor).address();
    }
}
