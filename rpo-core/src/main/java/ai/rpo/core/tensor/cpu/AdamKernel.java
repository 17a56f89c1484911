package ai.rpo.core.tensor.cpu;

import ai.rpo.core.tensor.AdamStep;

/** Adam in one pass over memory; see {@link ai.rpo.core.tensor.Backend#adam}. */
final class AdamKernel {

    private static final int CHUNK = 2048;
    private static final int CHUNKS_PER_TASK = 16;

    private final WorkerPool pool;

    AdamKernel(WorkerPool pool) {
        this.pool = pool;
    }

    void step(long size, long parameters, long gradient, long firstMoment, long secondMoment, AdamStep step) {
        long perTask = (long) CHUNK * CHUNKS_PER_TASK;
        pool.run(Math.toIntExact((size + perTask - 1) / perTask), (task, lane) -> {
            long to = Math.min(size, (task + 1) * perTask);
            for (long from = task * perTask; from < to; from += CHUNK) {
                long start = Float.BYTES * from;
                int length = (int) Math.min(CHUNK, to - from);
                chunk(
                        parameters + start,
                        gradient + start,
                        firstMoment + start,
                        secondMoment + start,
                        length,
                        step,
                        lane);
            }
        });
    }

    private static void chunk(
            long parameters, long gradient, long first, long second, int length, AdamStep step, Lane lane) {
        float[] g = lane.array(0, CHUNK);
        float[] m = lane.array(1, CHUNK);
        float[] v = lane.array(2, CHUNK);
        float[] p = lane.array(3, CHUNK);
        OffHeap.read(parameters, p, 0, length);
        OffHeap.read(gradient, g, 0, length);
        OffHeap.read(first, m, 0, length);
        OffHeap.read(second, v, 0, length);
        float beta1 = (float) step.beta1();
        float beta2 = (float) step.beta2();
        float rest1 = (float) (1 - step.beta1());
        float rest2 = (float) (1 - step.beta2());
        float rate = (float) (step.learningRate() / step.firstCorrection());
        float correction = (float) (1 / Math.sqrt(step.secondCorrection()));
        float epsilon = (float) step.epsilon();
        float decay = (float) (step.learningRate() * step.decay());
        for (int i = 0; i < length; i++) {
            m[i] = beta1 * m[i] + rest1 * g[i];
        }
        for (int i = 0; i < length; i++) {
            v[i] = beta2 * v[i] + rest2 * g[i] * g[i];
        }
        for (int i = 0; i < length; i++) {
            p[i] -= rate * m[i] / ((float) Math.sqrt(v[i]) * correction + epsilon) + decay * p[i];
        }
        OffHeap.write(p, 0, parameters, length);
        OffHeap.write(m, 0, first, length);
        OffHeap.write(v, 0, second, length);
    }
}
