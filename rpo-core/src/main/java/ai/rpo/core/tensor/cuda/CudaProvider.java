package ai.rpo.core.tensor.cuda;

import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.BackendProvider;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.UnavailableException;
import java.util.EnumMap;
import java.util.Map;

/** Computes by kernels of our own on a CUDA device of compute capability 8.0 or more, which is the JVM's. */
public final class CudaProvider implements BackendProvider {

    private static final Map<Precision, CudaBackend> OPEN = new EnumMap<>(Precision.class);
    private static int device;

    /**
     * Sets the CUDA device of this JVM, in the order of PCI buses; 0 before. Must be called before a backend is opened.
     *
     * @throws DeviceException saying why it cannot be used, if it cannot
     */
    public static synchronized void useDevice(int number) {
        device = number;
        OPEN.clear();
        onDevice(Precision.FLOAT32);
    }

    @Override
    public String key() {
        return "cuda";
    }

    @Override
    public int rank() {
        return 30;
    }

    @Override
    public Backend open(Precision precision, int threads) throws UnavailableException {
        try {
            return onDevice(precision);
        } catch (DeviceException e) {
            throw new UnavailableException(e.getMessage(), e);
        }
    }

    private static synchronized CudaBackend onDevice(Precision precision) {
        return OPEN.computeIfAbsent(precision, products -> CudaBackend.create(products == Precision.BFLOAT16, device));
    }
}
