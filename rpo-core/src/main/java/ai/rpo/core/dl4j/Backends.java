package ai.rpo.core.dl4j;

import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.cpu.CpuBackend;
import ai.rpo.core.tensor.nd4j.Nd4jBackend;
import ai.rpo.core.tensor.nd4j.Nd4jStorage;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Chooses who computes, and says so in the log, once for each choice. */
public final class Backends {

    /** Who computes: the fastest that works here, or one by name. */
    public enum Provider {
        /** {@link #CPU} where ND4J computes on the processor and oneDNN can be loaded, else {@link #ND4J}. */
        AUTO,
        /** oneDNN and vector kernels. */
        CPU,
        /** ND4J's own operations, on whatever device ND4J has. */
        ND4J;

        /** As it is written in configuration. */
        public String key() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(Backends.class);
    private static final Set<String> ANNOUNCED = ConcurrentHashMap.newKeySet();

    private Backends() {}

    /** The fastest backend that works here. */
    public static Backend create(Precision precision, int threads) {
        return create(Provider.AUTO, precision, threads);
    }

    /**
     * A backend with threads and scratch memory of its own.
     *
     * @param precision to what products may round their inputs, where the processor gains by it
     * @param threads that it may keep busy, the caller's included
     * @throws LinkageError if {@link Provider#CPU} is asked for and oneDNN cannot be loaded
     */
    public static Backend create(Provider provider, Precision precision, int threads) {
        boolean bfloat16 = precision == Precision.BFLOAT16;
        return switch (provider) {
            case AUTO -> fastest(bfloat16, threads);
            case CPU -> announced(CpuBackend.create(bfloat16, threads), "as asked for");
            case ND4J -> nd4j(bfloat16, "as asked for");
        };
    }

    private static Backend nd4j(boolean bfloat16, String why) {
        return announced(new Nd4jBackend(), bfloat16 ? why + "; it cannot compute in bfloat16" : why);
    }

    private static Backend fastest(boolean bfloat16, int threads) {
        if (!Nd4jStorage.inHostMemory()) {
            return nd4j(bfloat16, "ND4J computes on a device");
        }
        try {
            return announced(CpuBackend.create(bfloat16, threads), "the fastest here");
        } catch (LinkageError e) {
            return nd4j(bfloat16, "oneDNN cannot be loaded: " + e.getMessage());
        }
    }

    private static Backend announced(Backend backend, String why) {
        String line = backend.describe() + " (" + why + ")";
        if (ANNOUNCED.add(line)) {
            LOG.info("Computing with {}.", line);
            if (backend instanceof CpuBackend && !CpuBackend.hasVectorApi()) {
                LOG.warn("Start Java with --add-modules=jdk.incubator.vector to compute faster.");
            }
        }
        return backend;
    }
}
