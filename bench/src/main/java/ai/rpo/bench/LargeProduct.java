package ai.rpo.bench;

import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Tensor;

/** One large float32 product of square matrices, whose rate is what a step's is compared with. */
final class LargeProduct {

    private static final int EXTENT = 1600;
    private static final int WARM_UP = 4;

    private final Backend backend;
    private final Tensor a;
    private final Tensor b;
    private final Tensor c;

    LargeProduct() {
        backend = Backends.create(Precision.FLOAT32, Runtime.getRuntime().availableProcessors());
        a = matrix();
        b = matrix();
        c = matrix();
        for (int i = 0; i < WARM_UP; i++) {
            multiply();
        }
    }

    private Tensor matrix() {
        return backend.allocate((long) EXTENT * EXTENT).tensor(0, EXTENT, EXTENT);
    }

    private void multiply() {
        backend.linear(a, b, c, false);
    }

    /** Makes as many products as take so many seconds; one at least. */
    Timing time(double atLeast) {
        Timing.Watch watch = Timing.start();
        double operations = 0;
        Timing timing;
        do {
            multiply();
            operations += 2.0 * EXTENT * EXTENT * EXTENT;
            timing = watch.stop(operations);
        } while (timing.seconds() < atLeast);
        return timing;
    }
}
