package ai.rpo.core.tensor;

/**
 * Opens backends of one kind. Providers are found through {@link java.util.ServiceLoader}: a jar names its class, which
 * has a constructor without parameters, in {@code META-INF/services/ai.rpo.core.tensor.BackendProvider}.
 */
public interface BackendProvider {

    /** Names the kind, as {@code spark.rpo.backend} asks for it. */
    String key();

    /** Tells how fast it is among others: of those that work here, the one of the highest rank computes. */
    int rank();

    /**
     * Opens a backend with threads and scratch memory of its own, or one that a device has for the whole JVM.
     *
     * @param precision to what products may round their inputs, where the hardware gains by it
     * @param threads that it may keep busy, the caller's included
     * @throws UnavailableException if it does not work here
     */
    Backend open(Precision precision, int threads) throws UnavailableException;
}
