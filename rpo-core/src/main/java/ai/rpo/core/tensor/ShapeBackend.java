package ai.rpo.core.tensor;

import java.util.List;

/**
 * Computes nothing: its tensors have shapes and no numbers, and its operations look whether shapes go together. A pass
 * through it finds what memory the pass takes.
 */
public final class ShapeBackend implements Backend {

    private long live;
    private long most;

    /** Gives the most elements that were allocated at one time. */
    public long most() {
        return most;
    }

    @Override
    public String describe() {
        return "shapes without numbers";
    }

    @Override
    public Storage allocate(long size) {
        live += size;
        most = Math.max(most, live);
        return new Nowhere(size, this);
    }

    @Override
    public Packed pack(PackedMatrix matrix) {
        return matrix;
    }

    @Override
    public void unpack(Packed packed, int firstRow, Tensor out) {
        Shapes.requireUnpacked(packed, firstRow, out);
    }

    @Override
    public void zero(Tensor out) {
        // any shape will do
    }

    @Override
    public void copy(Tensor x, Tensor out) {
        Shapes.requireSame(x, out);
    }

    @Override
    public void add(Tensor x, Tensor into) {
        Shapes.requireSame(x, into);
    }

    @Override
    public void scale(Tensor x, double factor) {
        // any shape will do
    }

    @Override
    public double norm(Tensor x) {
        return 0;
    }

    @Override
    public void addRow(Tensor row, Tensor into) {
        Shapes.requireRow(row, into);
    }

    @Override
    public void addRowBackward(Tensor dOut, Tensor intoRow) {
        Shapes.requireRow(intoRow, dOut);
    }

    @Override
    public void scaleColumns(Tensor x, Tensor row, Tensor out) {
        Shapes.requireRow(row, x);
        Shapes.requireSame(x, out);
    }

    @Override
    public void columnDots(Tensor x, Tensor y, Tensor intoRow) {
        Shapes.requireSame(x, y);
        Shapes.requireRow(intoRow, x);
    }

    @Override
    public void inverseRowNorms(Tensor x, Tensor out) {
        Shapes.requireRowOfNorms(x, out);
    }

    @Override
    public void gatherRows(Tensor table, int[] rows, Tensor out) {
        Shapes.requireRows(table, rows, out);
    }

    @Override
    public void scatterAddRows(Tensor x, int[] rows, Tensor into) {
        Shapes.requireRows(into, rows, x);
    }

    @Override
    public void addColumns(Tensor x, int xFrom, Tensor into, int intoFrom, int columns) {
        Shapes.requireColumns(x, xFrom, into, intoFrom, columns);
    }

    @Override
    public void dropout(Tensor x, double rate, long[] keys, Tensor out) {
        Shapes.requireDropout(x, rate, keys, out);
    }

    @Override
    public void set(double[] numbers, Tensor out) {
        Shapes.requireNumbers(numbers, out);
    }

    @Override
    public void mixRows(Tensor x, int[] rows, double[] shares, Tensor into) {
        Shapes.requireMixed(x, rows, shares, into);
    }

    @Override
    public void mixRowsBackward(Tensor x, int[] rows, double[] shares, Tensor dOut, Tensor dX, double[] dShares) {
        Shapes.requireMixed(x, rows, shares, dOut);
        Shapes.requireMixed(dX, rows, dShares, dOut);
    }

    @Override
    public void linear(Tensor x, Tensor weight, Tensor out, boolean accumulate) {
        Shapes.requireLinear(x, weight, out);
    }

    @Override
    public void linearBackwardInput(Tensor dOut, Tensor weight, Tensor out, boolean accumulate) {
        Shapes.requireLinear(out, weight, dOut);
    }

    @Override
    public void linearBackwardWeight(Tensor dOut, Tensor x, Tensor intoWeight) {
        Shapes.requireLinear(x, intoWeight, dOut);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, double epsilon, Tensor out, Tensor inverseRms) {
        Shapes.requireNorm(x, weight, out, inverseRms);
    }

    @Override
    public void rmsNormBackward(
            Tensor x, Tensor weight, Tensor inverseRms, Tensor dOut, Tensor intoX, Tensor intoWeight) {
        Shapes.requireNorm(x, weight, dOut, inverseRms);
        Shapes.requireNorm(x, intoWeight, intoX, inverseRms);
    }

    @Override
    public void layerNorm(Tensor x, Tensor weight, Tensor bias, double epsilon, Tensor out, Tensor meanAndInverse) {
        Shapes.requireLayerNorm(x, weight, bias, out, meanAndInverse);
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
    }

    @Override
    public void rotary(Tensor fused, AttentionShape shape, int[] positions, Tensor cos, Tensor sin, boolean inverse) {
        Shapes.requireRotary(fused, shape, positions, cos, sin);
    }

    @Override
    public void attention(Tensor fused, AttentionShape shape, List<Segment> segments, Tensor out, Tensor logSumExp) {
        Shapes.requireAttention(fused, shape, out, logSumExp);
    }

    @Override
    public void cachedAttention(
            Tensor fused, AttentionShape shape, List<CachedSegment> segments, Tensor out, Tensor logSumExp) {
        Shapes.requireCachedAttention(fused, shape, segments, out, logSumExp);
    }

    @Override
    public void attentionSinks(Tensor sinks, AttentionShape shape, Tensor out, Tensor logSumExp) {
        Shapes.requireSinks(sinks, shape, out, logSumExp);
    }

    @Override
    public void attentionSinksBackward(
            Tensor sinks, AttentionShape shape, Tensor out, Tensor logSumExp, Tensor dOut, Tensor intoSinks) {
        Shapes.requireSinks(sinks, shape, out, logSumExp);
        Shapes.requireSinks(intoSinks, shape, dOut, logSumExp);
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
    }

    @Override
    public void gatedActivation(Tensor gateUp, Activation activation, Tensor out) {
        Shapes.requireGated(gateUp, out);
    }

    @Override
    public void clampedGate(Tensor gateUp, ClampedGate gate, Tensor out) {
        Shapes.requireGated(gateUp, out);
    }

    @Override
    public void clampedGateBackward(Tensor gateUp, ClampedGate gate, Tensor dOut, Tensor dGateUp) {
        Shapes.requireGated(gateUp, dOut);
        Shapes.requireSame(gateUp, dGateUp);
    }

    @Override
    public void activation(Tensor x, Activation activation, Tensor out) {
        Shapes.requireSame(x, out);
    }

    @Override
    public void gatedActivationBackward(Tensor gateUp, Activation activation, Tensor dOut, Tensor dGateUp) {
        Shapes.requireGated(gateUp, dOut);
        Shapes.requireSame(gateUp, dGateUp);
    }

    @Override
    public void activationBackward(Tensor x, Activation activation, Tensor dOut, Tensor dX) {
        Shapes.requireSame(x, dOut);
        Shapes.requireSame(x, dX);
    }

    @Override
    public void softCap(Tensor x, double cap) {
        // any shape will do
    }

    @Override
    public void softCapBackward(Tensor capped, double cap, Tensor gradient) {
        Shapes.requireSame(capped, gradient);
    }

    @Override
    public void targetLogps(Tensor logits, int[] targets, int from, double[] logps, Tensor logSumExp) {
        Shapes.requireLogps(logits, logSumExp, targets, from, logps);
    }

    @Override
    public void targetLogpsBackward(Tensor logits, Tensor logSumExp, int[] targets, int from, double[] coefficients) {
        Shapes.requireLogps(logits, logSumExp, targets, from, coefficients);
    }

    @Override
    public void adam(Tensor parameters, Tensor gradient, Tensor firstMoment, Tensor secondMoment, AdamStep step) {
        Shapes.requireSame(gradient, parameters);
        Shapes.requireSame(gradient, firstMoment);
        Shapes.requireSame(gradient, secondMoment);
    }

    /** So many numbers that are nowhere. */
    private record Nowhere(long size, ShapeBackend owner) implements Storage {

        @Override
        public Tensor tensor(long offset, int rows, int columns) {
            return new Shape(rows, columns);
        }

        @Override
        public void read(long offset, float[] target, int from, int length) {
            // nothing to read
        }

        @Override
        public void write(long offset, float[] source, int from, int length) {
            // nowhere to write
        }

        @Override
        public void free() {
            owner.live -= size;
        }
    }

    private record Shape(int rows, int columns) implements Tensor {

        @Override
        public Tensor rows(int from, int to) {
            return new Shape(to - from, columns);
        }

        @Override
        public double[] toArray() { // zeros are numbers as good as any for what decides by them, such as a router
            return new double[Math.toIntExact(size())];
        }
    }
}
