package ai.rpo.core.tensor.cpu;

import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.BackendProvider;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.UnavailableException;
import ai.rpo.core.tensor.nd4j.Nd4jStorage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Computes by oneDNN and vector kernels, in the host's memory. */
public final class CpuProvider implements BackendProvider {

    private static final Logger LOG = LoggerFactory.getLogger(CpuProvider.class);
    private static final AtomicBoolean WARNED = new AtomicBoolean();

    @Override
    public String key() {
        return "cpu";
    }

    @Override
    public int rank() {
        return 20;
    }

    @Override
    public Backend open(Precision precision, int threads) throws UnavailableException {
        if (!Nd4jStorage.inHostMemory()) {
            throw new UnavailableException("ND4J's memory is a device's", null);
        }
        Backend backend;
        try {
            backend = CpuBackend.create(precision == Precision.BFLOAT16, threads);
        } catch (LinkageError e) {
            throw new UnavailableException("oneDNN cannot be loaded: " + e.getMessage(), e);
        }
        if (!CpuBackend.hasVectorApi() && WARNED.compareAndSet(false, true)) {
            LOG.warn("Start Java with --add-modules=jdk.incubator.vector to compute faster.");
        }
        return backend;
    }
}
