package ai.rpo.core.tensor;

import ai.rpo.core.RpoException;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Chooses who computes, and says so in the log, once for each choice. */
public final class Backends {

    /** Asks for the fastest that works here. */
    public static final String AUTO = "auto";

    private static final String HOST = "cpu";
    private static final Logger LOG = LoggerFactory.getLogger(Backends.class);
    private static final Set<String> ANNOUNCED = ConcurrentHashMap.newKeySet();
    private static final Map<String, BackendProvider> PROVIDERS = providers();
    private static volatile String preferred = AUTO;

    private Backends() {}

    /** Those of the class path, and those of jars that Spark was given. */
    private static Map<String, BackendProvider> providers() {
        Map<String, BackendProvider> found = new LinkedHashMap<>();
        Stream.of(Backends.class.getClassLoader(), Thread.currentThread().getContextClassLoader())
                .flatMap(loader -> ServiceLoader.load(BackendProvider.class, loader).stream())
                .map(ServiceLoader.Provider::get)
                .forEach(provider -> found.putIfAbsent(provider.key(), provider));
        return found;
    }

    /**
     * Sets who computes where nobody is named, from now on in this JVM.
     *
     * @param key of a provider, or {@link #AUTO}
     * @throws IllegalArgumentException if there is none of that name
     */
    public static void prefer(String key) {
        if (!key.equals(AUTO)) {
            named(key);
        }
        preferred = key;
    }

    /** Opens the backend that is preferred here, which is the fastest that works if none is. */
    public static Backend create(Precision precision, int threads) {
        return create(preferred, precision, threads);
    }

    /**
     * Opens a backend by name.
     *
     * @param key of a provider, or {@link #AUTO}
     * @throws IllegalArgumentException if there is none of that name
     * @throws RpoException saying why, if it does not work here
     */
    public static Backend create(String key, Precision precision, int threads) {
        if (key.equals(AUTO)) {
            return fastest(precision, threads);
        }
        try {
            return announced(named(key).open(precision, threads), precision, "as asked for");
        } catch (UnavailableException e) {
            throw RpoException.configuration("Cannot compute with " + key + ": " + e.getMessage()
                    + ". Install what is missing (docs/gpu.md), or let another backend compute.");
        }
    }

    /**
     * Opens the one that keeps in the host's memory what a device has no room for.
     *
     * @throws RpoException saying why, if it does not work here
     */
    public static Backend besideDevice(int threads) {
        try {
            return announced(named(HOST).open(Precision.FLOAT32, threads), Precision.FLOAT32, "beside the device");
        } catch (UnavailableException e) {
            throw RpoException.configuration("Cannot keep the optimizer's state in the host's memory: " + e.getMessage()
                    + ". Set rpo.train.optimizer-device = device.");
        }
    }

    private static BackendProvider named(String key) {
        BackendProvider provider = PROVIDERS.get(key);
        if (provider == null) {
            throw new IllegalArgumentException("Cannot compute with " + key + ": there are " + AUTO + ", "
                    + PROVIDERS.keySet().stream().sorted().collect(Collectors.joining(", ")) + ". Name one of these.");
        }
        return provider;
    }

    private static Backend fastest(Precision precision, int threads) {
        List<BackendProvider> byRank = PROVIDERS.values().stream()
                .sorted(Comparator.comparingInt(BackendProvider::rank).reversed())
                .toList();
        StringBuilder why = new StringBuilder("the fastest here");
        for (BackendProvider provider : byRank) {
            try {
                return announced(provider.open(precision, threads), precision, why.toString());
            } catch (UnavailableException e) {
                why.append("; not ").append(provider.key()).append(", since ").append(e.getMessage());
            }
        }
        throw new IllegalStateException("no backend works here: " + why);
    }

    private static Backend announced(Backend backend, Precision asked, String why) {
        String rounding = backend.products() == asked
                ? ""
                : "; products are of " + backend.products().key();
        String line = backend.describe() + " (" + why + rounding + ")";
        if (ANNOUNCED.add(line)) {
            LOG.info("Computing with {}.", line);
        }
        return backend;
    }
}
