package ai.rpo.spark.device;

import ai.rpo.core.RpoException;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.spark.store.LocalCopies;
import ai.rpo.spark.store.Stores;
import java.io.IOException;
import java.io.Serializable;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.util.SerializableConfiguration;

/**
 * A model folder anywhere Hadoop reaches, as a folder of this machine.
 *
 * <p>A local folder is used where it is. A remote one is fetched once per machine into a cache named by its content,
 * under a lock that all processes of the machine share, and checked against the hash that the driver took.
 */
public final class LocalModel implements Serializable {

    private static final long serialVersionUID = 1L;
    private static final String CACHE = "rpo-models-";

    private final String uri;
    private String fingerprint;
    private final LocalModel base;
    private final SerializableConfiguration hadoop;

    /**
     * @param fingerprint null until it is asked for, of a local model
     * @param base what an adapter adapts; null for a model of its own
     */
    private LocalModel(String uri, String fingerprint, LocalModel base, SerializableConfiguration hadoop) {
        this.uri = uri;
        this.fingerprint = fingerprint;
        this.base = base;
        this.hadoop = hadoop;
    }

    /** As {@link #of(String, Optional, Configuration)}, an adapter's model being where the adapter says. */
    public static LocalModel of(String uri, Configuration configuration) {
        return of(uri, Optional.empty(), configuration);
    }

    /**
     * On the driver: opens the model once, so that what is wrong with it shows before any work starts.
     *
     * @param base where the model is that an adapter adapts, instead of where the adapter says
     */
    public static LocalModel of(String uri, Optional<String> base, Configuration configuration) {
        LocalModel model = located(uri, base, configuration);
        // Before they are sent to executors, which need not take them again.
        model.withoutAdapter().fingerprint();
        model.fingerprint();
        return model;
    }

    /** The same without reading a local model's weights, for work that needs its text files alone. */
    public static LocalModel located(String uri, Optional<String> base, Configuration configuration) {
        SerializableConfiguration hadoop = new SerializableConfiguration(configuration);
        LocalModel adapted = AdaptedModel.of(uri, base, configuration)
                .map(model -> located(model, Optional.empty(), configuration))
                .orElse(null);
        if (isLocal(uri, configuration)) {
            open(localPath(uri), adapted);
            return new LocalModel(uri, null, adapted, hadoop);
        }
        Path fetched = LocalCopies.download(hadoopPath(uri), ModelDirectory.FOLDERS, configuration);
        try {
            LocalModel model = new LocalModel(uri, open(fetched, adapted).fingerprint(), adapted, hadoop);
            model.keep(fetched);
            return model;
        } finally {
            deleteIfThere(fetched);
        }
    }

    private static ModelDirectory open(Path folder, LocalModel base) {
        return base == null ? ModelDirectory.open(folder) : ModelDirectory.open(folder, base.folder());
    }

    /** The model that an adapter adapts; this one, if it is no adapter. */
    public LocalModel withoutAdapter() {
        return base == null ? this : base;
    }

    public String uri() {
        return uri;
    }

    /** Where the model is, for whoever reads it from another folder. */
    public String location() {
        return isLocal(uri, hadoop.value()) ? localPath(uri).normalize().toString() : uri;
    }

    /** Hash of the model's content. */
    public synchronized String fingerprint() {
        if (fingerprint == null) {
            fingerprint = open().fingerprint();
        }
        return fingerprint;
    }

    /** The model on the machine that asks. */
    public ModelDirectory open() {
        return open(folder(), base);
    }

    /** Where the model lies on the machine that asks. */
    public Path folder() {
        if (isLocal(uri, hadoop.value())) {
            return localPath(uri);
        }
        return cached();
    }

    private static boolean isLocal(String uri, Configuration configuration) {
        return "file".equals(Stores.open(hadoopPath(uri), configuration).getScheme());
    }

    private static Path localPath(String uri) {
        org.apache.hadoop.fs.Path path = hadoopPath(uri);
        return Path.of(path.toUri().getPath()).toAbsolutePath();
    }

    private static org.apache.hadoop.fs.Path hadoopPath(String uri) {
        return new org.apache.hadoop.fs.Path(uri);
    }

    private Path cached() {
        return locked(() -> {
            if (!Files.isDirectory(cacheEntry())) {
                Path fetched = LocalCopies.download(hadoopPath(uri), ModelDirectory.FOLDERS, hadoop.value());
                try {
                    requireSame(open(fetched, base).fingerprint());
                    Files.move(fetched, cacheEntry(), StandardCopyOption.ATOMIC_MOVE);
                } finally {
                    deleteIfThere(fetched);
                }
            }
            return cacheEntry();
        });
    }

    /** Makes what was fetched the cache's, unless it has the model already. */
    private void keep(Path fetched) {
        locked(() -> Files.isDirectory(cacheEntry())
                ? cacheEntry()
                : Files.move(fetched, cacheEntry(), StandardCopyOption.ATOMIC_MOVE));
    }

    private Path cacheEntry() {
        return cache().resolve(fingerprint);
    }

    private interface CacheChange {
        Path run() throws IOException;
    }

    /** One process of the machine changes the entry, the others wait for it. */
    private Path locked(CacheChange change) {
        synchronized (LocalModel.class) { // a file lock is held by a whole JVM
            try (FileChannel channel = FileChannel.open(
                            Files.createDirectories(cache()).resolve(fingerprint + ".lock"),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE);
                    FileLock held = channel.lock()) {
                return change.run();
            } catch (IOException e) {
                throw new RpoException(
                        RpoException.Kind.RETRYABLE,
                        "Cannot keep the model " + uri + " on this machine: " + e + ". Check that " + cache()
                                + " has room and may be written to.",
                        e);
            }
        }
    }

    private void requireSame(String fetched) {
        if (!fetched.equals(fingerprint)) {
            throw RpoException.configuration(
                    "Cannot use the model " + uri + ": it changed after the job began, from " + fingerprint + " to "
                            + fetched + ". Start the job again, and leave the folder alone while it runs.");
        }
    }

    private static void deleteIfThere(Path folder) {
        if (Files.exists(folder)) {
            LocalCopies.delete(folder);
        }
    }

    private static Path cache() {
        return Path.of(System.getProperty("java.io.tmpdir"), CACHE + System.getProperty("user.name"));
    }
}
