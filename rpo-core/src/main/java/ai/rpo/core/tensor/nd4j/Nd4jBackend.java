package ai.rpo.core.tensor.nd4j;

import ai.rpo.core.tensor.Activation;
import ai.rpo.core.tensor.AdamStep;
import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.CachedSegment;
import ai.rpo.core.tensor.ClampedGate;
import ai.rpo.core.tensor.Noise;
import ai.rpo.core.tensor.Packed;
import ai.rpo.core.tensor.PackedMatrix;
import ai.rpo.core.tensor.Segment;
import ai.rpo.core.tensor.Shapes;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.impl.reduce.same.Max;
import org.nd4j.linalg.api.ops.impl.reduce.same.Sum;
import org.nd4j.linalg.api.ops.impl.transforms.pairwise.arithmetic.MulOp;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Erfc;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Sigmoid;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Tanh;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Every operation through ND4J's own, in float32: runs wherever ND4J does, on CUDA too, and is in no hurry elsewhere.
 */
public final class Nd4jBackend implements Backend {

    private static final int BLOCK_ELEMENTS = 1 << 20; // logits whose exponentials are looked at together

    private static final double GELU_CUBIC = 0.044715;

    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    @Override
    public String describe() {
        return "ND4J " + Nd4j.getBackend().getClass().getSimpleName() + ", float32";
    }

    @Override
    public Storage allocate(long size) {
        return Nd4jStorage.allocate(size);
    }

    /** Leaves it on the heap: ND4J has no operation that could read it where it computes. */
    @Override
    public Packed pack(PackedMatrix matrix) {
        return matrix;
    }

    @Override
    public void unpack(Packed packed, int firstRow, Tensor out) {
        Shapes.requireUnpacked(packed, firstRow, out);
        PackedMatrix matrix = (PackedMatrix) packed;
        long first = (long) firstRow * matrix.columns();
        int rowsAtOnce = Math.max(1, BLOCK_ELEMENTS / Math.max(1, matrix.columns()));
        for (int from = 0; from < out.rows(); from += rowsAtOnce) {
            Tensor part = out.rows(from, Math.min(out.rows(), from + rowsAtOnce));
            float[] numbers = new float[(int) part.size()];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = matrix.get(first + (long) from * matrix.columns() + i);
            }
            array(part).assign(Nd4j.createFromArray(numbers).reshape(part.rows(), part.columns()));
        }
    }

    @Override
    public void zero(Tensor out) {
        array(out).assign(0);
    }

    @Override
    public void copy(Tensor x, Tensor out) {
        Shapes.requireSame(x, out);
        array(out).assign(array(x));
    }

    @Override
    public void add(Tensor x, Tensor into) {
        Shapes.requireSame(x, into);
        array(into).addi(array(x));
    }

    @Override
    public void scale(Tensor x, double factor) {
        array(x).muli(factor);
    }

    @Override
    public double norm(Tensor x) {
        return array(x).norm2Number().doubleValue();
    }

    @Override
    public void addRow(Tensor row, Tensor into) {
        Shapes.requireRow(row, into);
        array(into).addiRowVector(array(row));
    }

    @Override
    public void addRowBackward(Tensor dOut, Tensor intoRow) {
        Shapes.requireRow(intoRow, dOut);
        INDArray columnSum = scratch(dOut.columns()).tensor(1, dOut.columns()).array();
        sum(array(dOut), columnSum, 0);
        array(intoRow).addi(columnSum);
    }

    @Override
    public void scaleColumns(Tensor x, Tensor row, Tensor out) {
        Shapes.requireRow(row, x);
        Shapes.requireSame(x, out);
        array(out).assign(array(x).mulRowVector(array(row)));
    }

    @Override
    public void columnDots(Tensor x, Tensor y, Tensor intoRow) {
        Shapes.requireSame(x, y);
        Shapes.requireRow(intoRow, x);
        array(intoRow).addi(array(x).mul(array(y)).sum(true, 0));
    }

    @Override
    public void inverseRowNorms(Tensor x, Tensor out) {
        Shapes.requireRowOfNorms(x, out);
        array(out).assign(array(x).norm2(1).rdivi(1).reshape(1, x.rows()));
    }

    @Override
    public void gatherRows(Tensor table, int[] rows, Tensor out) {
        Shapes.requireRows(table, rows, out);
        Nd4j.pullRows(array(table), array(out), 1, rows);
    }

    @Override
    public void scatterAddRows(Tensor x, int[] rows, Tensor into) {
        Shapes.requireRows(into, rows, x);
        scatterAdd(array(into), Nd4j.createFromArray(rows), array(x));
    }

    @Override
    public void addColumns(Tensor x, int xFrom, Tensor into, int intoFrom, int columns) {
        Shapes.requireColumns(x, xFrom, into, intoFrom, columns);
        columns(into, intoFrom, columns).addi(columns(x, xFrom, columns));
    }

    private static INDArray columns(Tensor x, int from, int columns) {
        return array(x).get(NDArrayIndex.all(), NDArrayIndex.interval(from, from + columns));
    }

    @Override
    public void dropout(Tensor x, double rate, long[] keys, Tensor out) {
        Shapes.requireDropout(x, rate, keys, out);
        float[] mask = new float[Math.toIntExact(x.size())];
        for (int i = 0; i < mask.length; i++) {
            boolean dropped = Noise.uniform(keys[i / x.columns()], i % x.columns()) < rate;
            mask[i] = dropped ? 0 : (float) (1 / (1 - rate));
        }
        array(x).muli(Nd4j.createFromArray(mask).reshape(x.rows(), x.columns()), array(out));
    }

    @Override
    public void set(double[] numbers, Tensor out) {
        Shapes.requireNumbers(numbers, out);
        array(out).assign(Nd4j.createFromArray(numbers).castTo(DataType.FLOAT).reshape(out.rows(), out.columns()));
    }

    @Override
    public void mixRows(Tensor x, int[] rows, double[] shares, Tensor into) {
        int parts = Shapes.requireMixed(x, rows, shares, into);
        new RowMixing(rows, shares, parts, scratch.get()).forward(array(x), array(into));
    }

    @Override
    public void mixRowsBackward(Tensor x, int[] rows, double[] shares, Tensor dOut, Tensor dX, double[] dShares) {
        int parts = Shapes.requireMixed(x, rows, shares, dOut);
        Shapes.requireMixed(dX, rows, dShares, dOut);
        new RowMixing(rows, shares, parts, scratch.get()).backward(array(x), array(dOut), array(dX), dShares);
    }

    @Override
    public void linear(Tensor x, Tensor weight, Tensor out, boolean accumulate) {
        Shapes.requireLinear(x, weight, out);
        Nd4j.gemm(array(x), array(weight), array(out), false, true, 1, accumulate ? 1 : 0);
    }

    @Override
    public void linearBackwardInput(Tensor dOut, Tensor weight, Tensor out, boolean accumulate) {
        Shapes.requireLinear(out, weight, dOut);
        Nd4j.gemm(array(dOut), array(weight), array(out), false, false, 1, accumulate ? 1 : 0);
    }

    @Override
    public void linearBackwardWeight(Tensor dOut, Tensor x, Tensor intoWeight) {
        Shapes.requireLinear(x, intoWeight, dOut);
        Nd4j.gemm(array(dOut), array(x), array(intoWeight), true, false, 1, 1);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, double epsilon, Tensor out, Tensor inverseRms) {
        Shapes.requireNorm(x, weight, out, inverseRms);
        norms().rms(x, weight, epsilon, out, inverseRms);
    }

    @Override
    public void rmsNormBackward(
            Tensor x, Tensor weight, Tensor inverseRms, Tensor dOut, Tensor intoX, Tensor intoWeight) {
        Shapes.requireNorm(x, weight, dOut, inverseRms);
        Shapes.requireNorm(x, intoWeight, intoX, inverseRms);
        norms().rmsBackward(x, weight, inverseRms, dOut, intoX, intoWeight);
    }

    @Override
    public void layerNorm(Tensor x, Tensor weight, Tensor bias, double epsilon, Tensor out, Tensor meanAndInverse) {
        Shapes.requireLayerNorm(x, weight, bias, out, meanAndInverse);
        norms().layer(x, weight, bias, epsilon, out, meanAndInverse);
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
        norms().layerBackward(x, weight, meanAndInverse, dOut, intoX, intoWeight, intoBias);
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
        copy(fused, out);
        norms().heads(shape, queryWeight, keyWeight, epsilon, out, inverseRms);
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
        norms().headsBackward(
                        fused, shape, queryWeight, keyWeight, inverseRms, gradient, intoQueryWeight, intoKeyWeight);
    }

    private Norms norms() {
        return new Norms(scratch.get());
    }

    @Override
    public void rotary(Tensor fused, AttentionShape shape, int[] positions, Tensor cos, Tensor sin, boolean inverse) {
        Shapes.requireRotary(fused, shape, positions, cos, sin);
        int half = cos.columns();
        int heads = shape.heads() + shape.keyValueHeads();
        int tokens = fused.rows();
        Scratch scratch = scratch(2L * tokens * half * (heads + 1));
        INDArray c = angles(cos, positions, scratch);
        INDArray s = angles(sin, positions, scratch);
        INDArray aSin = scratch.tensor(tokens, heads * half).blocks(0, heads, half, half);
        INDArray bSin = scratch.tensor(tokens, heads * half).blocks(0, heads, half, half);
        if (inverse) {
            s.negi();
        }
        INDArray a = tensor(fused).blocks(0, heads, shape.headDim(), half);
        INDArray b = tensor(fused).blocks(half, heads, shape.headDim(), half);
        multiply(a, s, aSin);
        multiply(b, s, bSin);
        multiply(a, c, a);
        multiply(b, c, b);
        a.subi(bSin);
        b.addi(aSin);
    }

    private static INDArray angles(Tensor table, int[] positions, Scratch scratch) {
        Nd4jTensor picked = scratch.tensor(positions.length, table.columns());
        Nd4j.pullRows(array(table), picked.array(), 1, positions);
        return picked.blocks(0, 1, table.columns(), table.columns());
    }

    @Override
    public void attention(Tensor fused, AttentionShape shape, List<Segment> segments, Tensor out, Tensor logSumExp) {
        Shapes.requireAttention(fused, shape, out, logSumExp);
        for (Segment segment : segments) {
            if (segment.length() > 0) {
                new SegmentAttention(tensor(fused), shape, segment, scratch.get())
                        .forward(tensor(out), tensor(logSumExp));
            }
        }
    }

    @Override
    public void cachedAttention(
            Tensor fused, AttentionShape shape, List<CachedSegment> segments, Tensor out, Tensor logSumExp) {
        Shapes.requireCachedAttention(fused, shape, segments, out, logSumExp);
        for (CachedSegment segment : segments) {
            new CachedAttention(tensor(fused), shape, segment, scratch.get()).forward(tensor(out), tensor(logSumExp));
        }
    }

    @Override
    public void attentionSinks(Tensor sinks, AttentionShape shape, Tensor out, Tensor logSumExp) {
        Shapes.requireSinks(sinks, shape, out, logSumExp);
        sinks().forward(array(sinks), shape, tensor(out), array(logSumExp));
    }

    @Override
    public void attentionSinksBackward(
            Tensor sinks, AttentionShape shape, Tensor out, Tensor logSumExp, Tensor dOut, Tensor intoSinks) {
        Shapes.requireSinks(sinks, shape, out, logSumExp);
        Shapes.requireSinks(intoSinks, shape, dOut, logSumExp);
        sinks().backward(array(sinks), shape, tensor(out), array(logSumExp), array(dOut), array(intoSinks));
    }

    private Sinks sinks() {
        return new Sinks(scratch.get());
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
        for (Segment segment : segments) {
            if (segment.length() > 0) {
                new SegmentAttention(tensor(fused), shape, segment, scratch.get())
                        .backward(tensor(out), tensor(logSumExp), tensor(dOut), tensor(dFused));
            }
        }
    }

    @Override
    public void gatedActivation(Tensor gateUp, Activation activation, Tensor out) {
        Shapes.requireGated(gateUp, out);
        INDArray gate = tensor(gateUp).block(0, out.rows(), 0, out.columns());
        INDArray up = tensor(gateUp).block(0, out.rows(), out.columns(), gateUp.columns());
        activate(activation, gate, array(out));
        array(out).muli(up);
    }

    @Override
    public void clampedGate(Tensor gateUp, ClampedGate gate, Tensor out) {
        Shapes.requireGated(gateUp, out);
        clamping(gate, gateUp).forward(array(out));
    }

    @Override
    public void clampedGateBackward(Tensor gateUp, ClampedGate gate, Tensor dOut, Tensor dGateUp) {
        Shapes.requireGated(gateUp, dOut);
        Shapes.requireSame(gateUp, dGateUp);
        clamping(gate, gateUp).backward(array(dOut), tensor(dGateUp));
    }

    private Clamping clamping(ClampedGate gate, Tensor gateUp) {
        return new Clamping(gate, tensor(gateUp), scratch(3 * gateUp.size()));
    }

    @Override
    public void activation(Tensor x, Activation activation, Tensor out) {
        Shapes.requireSame(x, out);
        activate(activation, array(x), array(out));
    }

    private static void activate(Activation activation, INDArray x, INDArray out) {
        switch (activation) {
            case SILU -> Nd4j.exec(new Sigmoid(x, out));
            case GELU_TANH -> {
                geluTanh(x, out);
                out.addi(1).muli(0.5);
            }
            case GELU -> normal(x, out);
        }
        out.muli(x);
    }

    @Override
    public void gatedActivationBackward(Tensor gateUp, Activation activation, Tensor dOut, Tensor dGateUp) {
        Shapes.requireGated(gateUp, dOut);
        Shapes.requireSame(gateUp, dGateUp);
        int rows = dOut.rows();
        int columns = dOut.columns();
        Scratch scratch = scratch(2 * dOut.size());
        INDArray slope = scratch.tensor(rows, columns).array();
        INDArray activated = scratch.tensor(rows, columns).array();
        INDArray gate = tensor(gateUp).block(0, rows, 0, columns);
        INDArray up = tensor(gateUp).block(0, rows, columns, 2 * columns);
        slope(activation, gate, slope, activated);
        INDArray d = array(dOut);
        slope.muli(up).muli(d);
        activated.muli(d);
        tensor(dGateUp).block(0, rows, 0, columns).assign(slope);
        tensor(dGateUp).block(0, rows, columns, 2 * columns).assign(activated);
    }

    @Override
    public void activationBackward(Tensor x, Activation activation, Tensor dOut, Tensor dX) {
        Shapes.requireSame(x, dOut);
        Shapes.requireSame(x, dX);
        Scratch scratch = scratch(2 * x.size());
        INDArray slope = scratch.tensor(x.rows(), x.columns()).array();
        slope(activation, array(x), slope, scratch.tensor(x.rows(), x.columns()).array());
        array(dX).assign(array(dOut)).muli(slope);
    }

    /** The activation and its derivative at {@code gate}. */
    private static void slope(Activation activation, INDArray gate, INDArray slope, INDArray activated) {
        switch (activation) {
            case SILU -> { // with s = σ(g): s·(1 + g·(1 − s))
                Nd4j.exec(new Sigmoid(gate, activated));
                slope.assign(activated).rsubi(1).muli(gate).addi(1).muli(activated);
            }
            case GELU_TANH -> { // with t = tanh(u): (1 + t)/2 + g·(1 − t²)/2·u′, where u′ = √(2/π)·(1 + 0.134145·g²)
                geluTanh(gate, activated);
                slope.assign(gate).muli(gate).muli(3 * GELU_CUBIC).addi(1).muli(Math.sqrt(2 / Math.PI));
                slope.muli(gate).muli(0.5);
                activated.addi(1).muli(0.5); // a = (1 + t)/2, so that (1 − t²) = 4·a·(1 − a)
                slope.muli(4).muli(activated);
                activated.rsubi(1);
                slope.muli(activated);
                activated.rsubi(1);
                slope.addi(activated);
            }
            case GELU -> { // Φ + g·φ
                normal(gate, activated);
                slope.assign(gate).muli(gate).muli(-0.5);
                Transforms.exp(slope, false);
                slope.muli(gate).muli(1 / Math.sqrt(2 * Math.PI)).addi(activated);
            }
        }
        activated.muli(gate);
    }

    /** The standard normal distribution as {@code erfc(−x/√2)/2}, whose left tail is no difference of like numbers. */
    private static void normal(INDArray x, INDArray out) {
        out.assign(x).muli(-Math.sqrt(0.5));
        Nd4j.exec(new Erfc(out, out));
        out.muli(0.5);
    }

    /** {@code out = tanh(√(2/π)·(x + 0.044715·x³))}. */
    private static void geluTanh(INDArray x, INDArray out) {
        out.assign(x).muli(x).muli(GELU_CUBIC).addi(1).muli(x).muli(Math.sqrt(2 / Math.PI));
        Nd4j.exec(new Tanh(out, out));
    }

    @Override
    public void softCap(Tensor x, double cap) {
        INDArray a = array(x).divi(cap);
        Nd4j.exec(new Tanh(a, a));
        a.muli(cap);
    }

    @Override
    public void softCapBackward(Tensor capped, double cap, Tensor gradient) {
        Shapes.requireSame(capped, gradient);
        int block = Math.max(1, BLOCK_ELEMENTS / capped.columns());
        for (int first = 0; first < capped.rows(); first += block) {
            int last = Math.min(capped.rows(), first + block);
            Tensor part = capped.rows(first, last);
            INDArray slope =
                    scratch(part.size()).tensor(part.rows(), part.columns()).array();
            slope.assign(array(part)).divi(cap);
            slope.muli(slope).rsubi(1);
            array(gradient.rows(first, last)).muli(slope);
        }
    }

    @Override
    public void targetLogps(Tensor logits, int[] targets, int from, double[] logps, Tensor logSumExp) {
        Shapes.requireLogps(logits, logSumExp, targets, from, logps);
        int block = Math.max(1, BLOCK_ELEMENTS / logits.columns());
        for (int first = 0; first < logits.rows(); first += block) {
            int last = Math.min(logits.rows(), first + block);
            targetLogpsOfBlock(
                    logits.rows(first, last), targets, from + first, logps, array(logSumExp.rows(first, last)));
        }
    }

    private void targetLogpsOfBlock(Tensor logits, int[] targets, int from, double[] logps, INDArray logSumExp) {
        int rows = logits.rows();
        Scratch scratch = scratch(logits.size() + 2L * rows);
        INDArray shifted = scratch.tensor(rows, logits.columns()).array();
        INDArray max = scratch.tensor(rows, 1).array();
        INDArray picked = scratch.tensor(rows, 1).array();
        Nd4j.exec(new Max(array(logits), null, max, true, new int[] {1}));
        shifted.assign(array(logits)).subiColumnVector(max);
        Nd4j.pullRows(((Nd4jTensor) logits).flat(), picked, 1, flatTargets(logits, targets, from));
        // Subtracting the maximum first keeps the digits that a large logit would swallow.
        picked.subi(max);
        Transforms.exp(shifted, false);
        sum(shifted, logSumExp, 1);
        Transforms.log(logSumExp, false);
        double[] values = picked.subi(logSumExp).toDoubleVector();
        System.arraycopy(values, 0, logps, from, rows);
        logSumExp.addi(max);
    }

    @Override
    public void targetLogpsBackward(Tensor logits, Tensor logSumExp, int[] targets, int from, double[] coefficients) {
        Shapes.requireLogps(logits, logSumExp, targets, from, coefficients);
        int rows = logits.rows();
        float[] values = new float[rows];
        for (int i = 0; i < rows; i++) {
            values[i] = (float) coefficients[from + i];
        }
        INDArray c = Nd4j.createFromArray(values).reshape(rows, 1);
        INDArray softmax = array(logits).subiColumnVector(array(logSumExp));
        Transforms.exp(softmax, false);
        softmax.muliColumnVector(c.neg());
        scatterAdd(tensor(logits).flat(), Nd4j.createFromArray(flatTargets(logits, targets, from)), c);
    }

    private static int[] flatTargets(Tensor logits, int[] targets, int from) {
        int[] flat = Arrays.copyOfRange(targets, from, from + logits.rows());
        for (int i = 0; i < flat.length; i++) {
            flat[i] = Math.addExact(Math.multiplyExact(i, logits.columns()), flat[i]);
        }
        return flat;
    }

    @Override
    public void adam(Tensor parameters, Tensor gradient, Tensor firstMoment, Tensor secondMoment, AdamStep step) {
        Shapes.requireSame(gradient, parameters);
        Shapes.requireSame(gradient, firstMoment);
        Shapes.requireSame(gradient, secondMoment);
        INDArray g = tensor(gradient).flat();
        INDArray m = tensor(firstMoment).flat();
        INDArray v = tensor(secondMoment).flat();
        m.muli(step.beta1() / (1 - step.beta1())).addi(g).muli(1 - step.beta1());
        g.muli(g);
        v.muli(step.beta2() / (1 - step.beta2())).addi(g).muli(1 - step.beta2());
        g.assign(v);
        Transforms.sqrt(g, false);
        g.muli(1 / Math.sqrt(step.secondCorrection())).addi(step.epsilon());
        g.rdivi(m).muli(step.learningRate() / step.firstCorrection());
        INDArray p = tensor(parameters).flat();
        if (step.decay() != 0) {
            p.muli(1 - step.learningRate() * step.decay());
        }
        p.subi(g);
    }

    static void multiply(INDArray x, INDArray y, INDArray out) {
        Nd4j.exec(new MulOp(x, y, out));
    }

    static void sum(INDArray x, INDArray out, int dimension) {
        Nd4j.exec(new Sum(x, null, out, true, new int[] {dimension}));
    }

    static void scatterAdd(INDArray into, INDArray rows, INDArray updates) {
        Nd4j.exec(DynamicCustomOp.builder("scatter_add")
                .addInputs(into, rows, updates)
                .addOutputs(into)
                .addBooleanArguments(true) // one after the other where a row repeats
                .build());
    }

    private Scratch scratch(long elements) {
        Scratch mine = scratch.get();
        mine.clear(elements);
        return mine;
    }

    static Nd4jTensor tensor(Tensor tensor) {
        return (Nd4jTensor) tensor;
    }

    static INDArray array(Tensor tensor) {
        return ((Nd4jTensor) tensor).array();
    }
}
