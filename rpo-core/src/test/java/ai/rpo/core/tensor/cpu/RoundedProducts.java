package ai.rpo.core.tensor.cpu;

import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.nd4j.Nd4jTensor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/**
 * What {@code bfloat16} means, on any machine: the inputs of products with weights are rounded to bfloat16, as a processor
 * with instructions for it does, and everything else stays float32. Serves one thread.
 */
public final class RoundedProducts {

    private static final int CHUNK = 1 << 12;

    private final Backend backend;
    private final Storage[] scratch = new Storage[2];

    private RoundedProducts(Backend backend) {
        this.backend = backend;
    }

    /** {@code backend} with rounded inputs of products. */
    public static Backend of(Backend backend) {
        RoundedProducts products = new RoundedProducts(backend);
        return (Backend) Proxy.newProxyInstance(
                Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (proxy, operation, arguments) -> {
                    if (operation.getName().startsWith("linear")) {
                        arguments[0] = products.rounded((Tensor) arguments[0], 0);
                        arguments[1] = products.rounded((Tensor) arguments[1], 1);
                    }
                    try {
                        return operation.invoke(backend, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private Tensor rounded(Tensor x, int slot) {
        if (x instanceof RoundedTensor) {
            return x;
        }
        if (scratch[slot] == null || scratch[slot].size() < x.size()) {
            scratch[slot] = backend.allocate(x.size());
        }
        Tensor copy = scratch[slot].tensor(0, x.rows(), x.columns());
        long from = ((Nd4jTensor) x).address();
        long to = ((Nd4jTensor) copy).address();
        float[] part = new float[CHUNK];
        for (long done = 0; done < x.size(); done += CHUNK) {
            int length = (int) Math.min(CHUNK, x.size() - done);
            OffHeap.read(from + Float.BYTES * done, part, 0, length);
            for (int i = 0; i < length; i++) {
                part[i] = rounded(part[i]);
            }
            OffHeap.write(part, 0, to + Float.BYTES * done, length);
        }
        return copy;
    }

    /** To the nearest number with eight significant bits, ties to even. */
    static float rounded(float x) {
        int bits = Float.floatToRawIntBits(x);
        return Float.intBitsToFloat(bits + 0x7fff + (bits >>> 16 & 1) & 0xffff0000);
    }
}
