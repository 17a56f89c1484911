package ai.rpo.core.dl4j;

import ai.rpo.core.RpoException;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.cpu.CpuBackend;
import ai.rpo.core.tensor.cuda.CudaBackend;
import ai.rpo.core.tensor.cuda.DeviceException;
import ai.rpo.core.tensor.nd4j.Nd4jBackend;
import ai.rpo.core.tensor.nd4j.Nd4jStorage;
import ai.rpo.core.train.TrainPlan;
import ai.rpo.core.train.TrainingMemory;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Chooses who computes, and says so in the log, once for each choice. */
public final class Backends {

    /** Who computes: the fastest that works here, or one by name. */
    public enum Provider {
        /**
         * {@link #CUDA} where there is such a device, else {@link #CPU} where oneDNN can be loaded; {@link #ND4J} if not, and
         * wherever ND4J itself computes on a device.
         */
        AUTO,
        /** Kernels of our own on a CUDA device of compute capability 8.0 or more. */
        CUDA,
        /** oneDNN and vector kernels. */
        CPU,
        /** ND4J's own operations, on whatever device ND4J has. */
        ND4J;

        /** As it is written in configuration. */
        public String key() {
            return name().toLowerCase(Locale.ROOT);
        }

        /**
         * By its {@link #key()}.
         *
         * @throws IllegalArgumentException if there is none of that name
         */
        public static Provider of(String key) {
            return Arrays.stream(values())
                    .filter(provider -> provider.key().equals(key))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException(
                            "Cannot compute with " + key + ": there are auto, cuda, cpu and nd4j. Name one of these."));
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(Backends.class);
    private static final Set<String> ANNOUNCED = ConcurrentHashMap.newKeySet();
    private static final Map<Boolean, CudaBackend> ON_DEVICE = new HashMap<>(); // by whether products round
    private static volatile Provider preferred = Provider.AUTO;
    private static volatile int device;

    private Backends() {}

    /** Sets who computes where nobody is named, from now on in this JVM. */
    public static void prefer(Provider provider) {
        preferred = provider;
    }

    /**
     * Sets the CUDA device of this JVM, in the order of PCI buses; 0 before. To be called before a backend is made.
     *
     * @throws DeviceException saying why it cannot be used, if it cannot
     */
    public static synchronized void useDevice(int number) {
        device = number;
        ON_DEVICE.clear();
        cuda(false);
    }

    /** The backend that is preferred here, which is the fastest that works if none is. */
    public static Backend create(Precision precision, int threads) {
        return create(preferred, precision, threads);
    }

    /**
     * A backend with threads and scratch memory of its own; on a CUDA device, the JVM's.
     *
     * @param precision to what products may round their inputs, where the processor gains by it
     * @param threads that it may keep busy, the caller's included
     * @throws LinkageError if {@link Provider#CPU} is asked for and oneDNN cannot be loaded
     * @throws RpoException saying why, if {@link Provider#CUDA} is asked for and cannot be had
     */
    public static Backend create(Provider provider, Precision precision, int threads) {
        boolean bfloat16 = precision == Precision.BFLOAT16;
        return switch (provider) {
            case AUTO -> fastest(bfloat16, threads);
            case CUDA -> announced(required(bfloat16), "as asked for");
            case CPU -> announced(CpuBackend.create(bfloat16, threads), "as asked for");
            case ND4J -> nd4j(bfloat16, "as asked for");
        };
    }

    /**
     * Who takes the optimizer's steps and has its state while a backend computes: the processor where the plan, or a device's
     * memory, asks for that, else the same.
     */
    static Backend homeOfState(TrainPlan plan, Backend computes) {
        if (computes instanceof CudaBackend onDevice && TrainingMemory.isAtHome(plan, onDevice.memory())) {
            return announced(CpuBackend.create(false, plan.threads()), "the optimizer's state, beside a CUDA device");
        }
        return computes;
    }

    private static Backend nd4j(boolean bfloat16, String why) {
        return announced(new Nd4jBackend(), bfloat16 ? why + "; it cannot compute in bfloat16" : why);
    }

    private static Backend fastest(boolean bfloat16, int threads) {
        if (!Nd4jStorage.inHostMemory()) {
            return nd4j(bfloat16, "ND4J computes on a device");
        }
        String missing;
        try {
            return announced(cuda(bfloat16), "the fastest here");
        } catch (DeviceException e) {
            missing = e.getMessage();
        }
        try {
            return announced(
                    CpuBackend.create(bfloat16, threads), "the fastest here; no CUDA device, since " + missing);
        } catch (LinkageError e) {
            return nd4j(bfloat16, "oneDNN cannot be loaded: " + e.getMessage());
        }
    }

    private static Backend required(boolean bfloat16) {
        try {
            return cuda(bfloat16);
        } catch (DeviceException e) {
            throw RpoException.configuration("Cannot compute on a CUDA device: " + e.getMessage()
                    + ". Install what is missing (docs/gpu.md), or let another backend compute.");
        }
    }

    private static synchronized CudaBackend cuda(boolean bfloat16) {
        return ON_DEVICE.computeIfAbsent(bfloat16, rounding -> CudaBackend.create(rounding, device));
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
