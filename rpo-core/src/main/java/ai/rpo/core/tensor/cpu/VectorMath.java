package ai.rpo.core.tensor.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Computes on the JDK's Vector API; loading this class needs {@code --add-modules jdk.incubator.vector}. */
final class VectorMath implements RowMath {

    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final VectorSpecies<Integer> INTEGERS = SPECIES.withLanes(int.class);

    /** Has as many numbers, of 16 bits. */
    private static final VectorSpecies<Short> NARROW =
            VectorSpecies.of(short.class, VectorShape.forBitSize(SPECIES.vectorBitSize() / 2));

    @Override
    public String describe() {
        return "Vector API, " + SPECIES.vectorBitSize() + " bits";
    }

    @Override
    public float dot(float[] a, float[] b, int length) {
        FloatVector s0 = FloatVector.zero(SPECIES);
        FloatVector s1 = FloatVector.zero(SPECIES);
        FloatVector s2 = FloatVector.zero(SPECIES);
        FloatVector s3 = FloatVector.zero(SPECIES);
        int i = 0;
        for (; i <= length - 4 * LANES; i += 4 * LANES) {
            s0 = FloatVector.fromArray(SPECIES, a, i).fma(FloatVector.fromArray(SPECIES, b, i), s0);
            s1 = FloatVector.fromArray(SPECIES, a, i + LANES).fma(FloatVector.fromArray(SPECIES, b, i + LANES), s1);
            s2 = FloatVector.fromArray(SPECIES, a, i + 2 * LANES)
                    .fma(FloatVector.fromArray(SPECIES, b, i + 2 * LANES), s2);
            s3 = FloatVector.fromArray(SPECIES, a, i + 3 * LANES)
                    .fma(FloatVector.fromArray(SPECIES, b, i + 3 * LANES), s3);
        }
        float sum = s0.add(s1).add(s2.add(s3)).reduceLanes(VectorOperators.ADD);
        for (; i < length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    @Override
    public float dot(short[] a, int first, float[] b, int length) {
        FloatVector s0 = FloatVector.zero(SPECIES);
        FloatVector s1 = FloatVector.zero(SPECIES);
        int i = 0;
        for (; i <= length - 2 * LANES; i += 2 * LANES) {
            s0 = wide(a, first + i).fma(FloatVector.fromArray(SPECIES, b, i), s0);
            s1 = wide(a, first + i + LANES).fma(FloatVector.fromArray(SPECIES, b, i + LANES), s1);
        }
        float sum = s0.add(s1).reduceLanes(VectorOperators.ADD);
        for (; i < length; i++) {
            sum += Float.intBitsToFloat(a[first + i] << Short.SIZE) * b[i];
        }
        return sum;
    }

    private static FloatVector wide(short[] from, int at) {
        IntVector upper =
                (IntVector) ShortVector.fromArray(NARROW, from, at).convertShape(VectorOperators.S2I, INTEGERS, 0);
        return upper.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
    }

    @Override
    public float sum(float[] x, int length) {
        FloatVector s = FloatVector.zero(SPECIES);
        int whole = SPECIES.loopBound(length);
        int i = 0;
        for (; i < whole; i += LANES) {
            s = s.add(FloatVector.fromArray(SPECIES, x, i));
        }
        float sum = s.reduceLanes(VectorOperators.ADD);
        for (; i < length; i++) {
            sum += x[i];
        }
        return sum;
    }

    @Override
    public float max(float[] x, int length) {
        int whole = SPECIES.loopBound(length);
        FloatVector m = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
        int i = 0;
        for (; i < whole; i += LANES) {
            m = m.max(FloatVector.fromArray(SPECIES, x, i));
        }
        float max = m.reduceLanes(VectorOperators.MAX);
        for (; i < length; i++) {
            max = Math.max(max, x[i]);
        }
        return max;
    }

    @Override
    public float exponentials(float[] x, int length, float shift) {
        FloatVector s = FloatVector.zero(SPECIES);
        int whole = SPECIES.loopBound(length);
        int i = 0;
        for (; i < whole; i += LANES) {
            FloatVector e = exp(FloatVector.fromArray(SPECIES, x, i).sub(shift));
            e.intoArray(x, i);
            s = s.add(e);
        }
        float sum = s.reduceLanes(VectorOperators.ADD);
        for (; i < length; i++) {
            x[i] = Exponential.of(x[i] - shift);
            sum += x[i];
        }
        return sum;
    }

    @Override
    public void widen(short[] from, int first, float[] to, int length) {
        int whole = SPECIES.loopBound(length);
        int i = 0;
        for (; i < whole; i += LANES) {
            wide(from, first + i).intoArray(to, i);
        }
        for (; i < length; i++) {
            to[i] = Float.intBitsToFloat(from[first + i] << Short.SIZE);
        }
    }

    @Override
    public void sigmoid(float[] x, int length) {
        FloatVector one = FloatVector.broadcast(SPECIES, 1);
        int whole = SPECIES.loopBound(length);
        int i = 0;
        for (; i < whole; i += LANES) {
            FloatVector e = exp(FloatVector.fromArray(SPECIES, x, i).neg().min(Exponential.HIGHEST));
            one.div(e.add(1)).intoArray(x, i);
        }
        for (; i < length; i++) {
            x[i] = 1 / (1 + Exponential.of(-x[i]));
        }
    }

    /**
     * {@link Exponential#of} on every lane, of numbers up to {@link Exponential#HIGHEST}. A clamp below would cost as
     * much as the polynomial; and a loop with two of these is too large for the JIT compiler, which then allocates
     * every vector.
     */
    private static FloatVector exp(FloatVector x) {
        FloatVector shifted = x.fma(broadcast(Exponential.LOG2_E), broadcast(Exponential.ROUND));
        FloatVector n = shifted.sub(Exponential.ROUND);
        FloatVector r = n.fma(broadcast(-Exponential.LN2_HIGH), x);
        r = n.fma(broadcast(-Exponential.LN2_LOW), r);
        FloatVector p = r.fma(broadcast(Exponential.C6), broadcast(Exponential.C5));
        p = p.fma(r, broadcast(Exponential.C4));
        p = p.fma(r, broadcast(Exponential.C3));
        p = p.fma(r, broadcast(Exponential.C2));
        p = p.fma(r, broadcast(Exponential.C1));
        p = p.fma(r.mul(r), r.add(1));
        FloatVector scaled = p.reinterpretAsInts()
                .add(shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, Exponential.EXPONENT_SHIFT))
                .reinterpretAsFloats();
        return scaled.blend(0, x.compare(VectorOperators.LT, Exponential.LOWEST));
    }

    private static FloatVector broadcast(float x) {
        return FloatVector.broadcast(SPECIES, x);
    }
}
