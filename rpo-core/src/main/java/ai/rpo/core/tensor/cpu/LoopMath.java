package ai.rpo.core.tensor.cpu;

/** Plain loops, for a JVM without the Vector API. */
final class LoopMath implements RowMath {

    @Override
    public String describe() {
        return "plain loops";
    }

    @Override
    public float dot(float[] a, float[] b, int length) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        int i = 0;
        for (; i + 3 < length; i += 4) {
            s0 += a[i] * b[i];
            s1 += a[i + 1] * b[i + 1];
            s2 += a[i + 2] * b[i + 2];
            s3 += a[i + 3] * b[i + 3];
        }
        for (; i < length; i++) {
            s0 += a[i] * b[i];
        }
        return (s0 + s1) + (s2 + s3);
    }

    @Override
    public float dot(short[] a, int first, float[] b, int length) {
        float sum = 0;
        for (int i = 0; i < length; i++) {
            sum += Float.intBitsToFloat(a[first + i] << Short.SIZE) * b[i];
        }
        return sum;
    }

    @Override
    public float sum(float[] x, int length) {
        double sum = 0;
        for (int i = 0; i < length; i++) {
            sum += x[i];
        }
        return (float) sum;
    }

    @Override
    public float max(float[] x, int length) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < length; i++) {
            max = Math.max(max, x[i]);
        }
        return max;
    }

    @Override
    public float exponentials(float[] x, int length, float shift) {
        float s0 = 0;
        float s1 = 0;
        int i = 0;
        for (; i + 1 < length; i += 2) {
            x[i] = Exponential.of(x[i] - shift);
            x[i + 1] = Exponential.of(x[i + 1] - shift);
            s0 += x[i];
            s1 += x[i + 1];
        }
        if (i < length) {
            x[i] = Exponential.of(x[i] - shift);
            s0 += x[i];
        }
        return s0 + s1;
    }

    @Override
    public void widen(short[] from, int first, float[] to, int length) {
        for (int i = 0; i < length; i++) {
            to[i] = Float.intBitsToFloat(from[first + i] << Short.SIZE);
        }
    }

    @Override
    public void sigmoid(float[] x, int length) {
        for (int i = 0; i < length; i++) {
            x[i] = 1 / (1 + Exponential.of(-x[i]));
        }
    }
}
