package ai.rpo.core.tensor.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** On the JDK's Vector API; loading this class needs {@code --add-modules jdk.incubator.vector}. */
final class VectorMath implements RowMath {

    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();

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
        FloatVector s0 = FloatVector.zero(SPECIES);
        FloatVector s1 = FloatVector.zero(SPECIES);
        int i = 0;
        for (; i <= length - 2 * LANES; i += 2 * LANES) {
            FloatVector e0 = exp(FloatVector.fromArray(SPECIES, x, i).sub(shift));
            FloatVector e1 = exp(FloatVector.fromArray(SPECIES, x, i + LANES).sub(shift));
            e0.intoArray(x, i);
            e1.intoArray(x, i + LANES);
            s0 = s0.add(e0);
            s1 = s1.add(e1);
        }
        float sum = s0.add(s1).reduceLanes(VectorOperators.ADD);
        for (; i < length; i++) {
            x[i] = Exponential.of(x[i] - shift);
            sum += x[i];
        }
        return sum;
    }

    @Override
    public void sigmoid(float[] x, int length) {
        FloatVector one = FloatVector.broadcast(SPECIES, 1);
        int whole = SPECIES.loopBound(length);
        int i = 0;
        for (; i < whole; i += LANES) {
            FloatVector e = exp(FloatVector.fromArray(SPECIES, x, i).neg());
            one.div(e.add(1)).intoArray(x, i);
        }
        for (; i < length; i++) {
            x[i] = 1 / (1 + Exponential.of(-x[i]));
        }
    }

    /** {@link Exponential#of} on every lane. */
    private static FloatVector exp(FloatVector x) {
        FloatVector clamped = x.max(Exponential.LOWEST).min(Exponential.HIGHEST);
        FloatVector shifted = clamped.fma(Exponential.LOG2_E, Exponential.ROUND);
        FloatVector n = shifted.sub(Exponential.ROUND);
        FloatVector r = n.fma(broadcast(-Exponential.LN2_HIGH), clamped);
        r = n.fma(broadcast(-Exponential.LN2_LOW), r);
        FloatVector p = r.fma(Exponential.C6, Exponential.C5);
        p = p.fma(r, broadcast(Exponential.C4));
        p = p.fma(r, broadcast(Exponential.C3));
        p = p.fma(r, broadcast(Exponential.C2));
        p = p.fma(r, broadcast(Exponential.C1));
        p = p.fma(r.mul(r), r.add(1));
        FloatVector scaled = p.reinterpretAsInts()
                .add(shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, Exponential.EXPONENT_SHIFT))
                .reinterpretAsFloats();
        VectorMask<Float> vanishes = x.compare(VectorOperators.LT, Exponential.LOWEST);
        return scaled.blend(0, vanishes);
    }

    private static FloatVector broadcast(float x) {
        return FloatVector.broadcast(SPECIES, x);
    }
}
