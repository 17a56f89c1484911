package ai.rpo.spark.device;

import ai.rpo.core.RpoException;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.spark.store.Stores;
import java.io.IOException;
import java.io.Serializable;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.util.SerializableConfiguration;

/**
 * A model folder anywhere Hadoop reaches, as a folder of this machine.
 *
 * <p>A local folder is used where it is. A remote one is fetched once per machine into a cache named by its content,
 * under a lock that all processes of the machine share, and checked against the hash that the driver took.
 */
public final class LocalModel implements Serializable {

    private static final long serialVersionUID = 1L;
    private static final String CACHE = "rpo-models";

    private final String uri;
    private final String fingerprint;
    private final SerializableConfiguration hadoop;

    private LocalModel(String uri, String fingerprint, SerializableConfiguration hadoop) {
        this.uri = uri;
        this.fingerprint = fingerprint;
        this.hadoop = hadoop;
    }

    /** On the driver: opens the model once, so that what is wrong with it shows before any work starts. */
    public static LocalModel of(String uri, Configuration configuration) {
        SerializableConfiguration hadoop = new SerializableConfiguration(configuration);
        Path folder = isLocal(uri, configuration) ? localPath(uri) : fetchNew(uri, hadoop.value());
        return new LocalModel(uri, ModelDirectory.open(folder).fingerprint(), hadoop);
    }

    public String uri() {
        return uri;
    }

    /** Hash of the model's content. */
    public String fingerprint() {
        return fingerprint;
    }

    /** The model on the machine that asks. */
    public ModelDirectory open() {
        return ModelDirectory.open(folder());
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

    /** One process of the machine fetches, the others wait for it. */
    private Path cached() {
        Path target = cache().resolve(fingerprint);
        synchronized (LocalModel.class) { // a file lock is held by a whole JVM
            try (FileChannel channel = FileChannel.open(
                            Files.createDirectories(cache()).resolve(fingerprint + ".lock"),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE);
                    FileLock held = channel.lock()) {
                if (!Files.isDirectory(target)) {
                    Path fetched = fetchNew(uri, hadoop.value());
                    requireSame(ModelDirectory.open(fetched).fingerprint());
                    Files.move(fetched, target, StandardCopyOption.ATOMIC_MOVE);
                }
                return target;
            } catch (IOException e) {
                throw unreachable(uri, e);
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

    private static Path fetchNew(String uri, Configuration configuration) {
        try {
            Path partial = Files.createTempDirectory(Files.createDirectories(cache()), "fetching-");
            FileSystem store = hadoopPath(uri).getFileSystem(configuration);
            for (FileStatus file : store.listStatus(hadoopPath(uri))) {
                if (file.isFile()) {
                    Path local = partial.resolve(file.getPath().getName());
                    store.copyToLocalFile(false, file.getPath(), new org.apache.hadoop.fs.Path(local.toUri()), true);
                }
            }
            return partial;
        } catch (IOException e) {
            throw unreachable(uri, e);
        }
    }

    private static RpoException unreachable(String uri, IOException cause) {
        return new RpoException(
                RpoException.Kind.RETRYABLE,
                "Cannot fetch the model " + uri + ": " + cause.getMessage() + ". Check that the store answers and that "
                        + cache() + " has room.",
                cause);
    }

    private static Path cache() {
        return Path.of(System.getProperty("java.io.tmpdir"), CACHE);
    }
}
