package ai.rpo.spark.store;

import ai.rpo.core.RpoException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A directory that counts as made only while it holds a {@code manifest.json}: that file is written last and removed
 * first, so whatever is killed between leaves an unfinished directory and never a wrong one. Needs no rename of
 * directories, which object stores do not have.
 */
public final class ArtifactDirectory {

    private static final String MANIFEST = "manifest.json";
    private static final String BEGUN = "begun.json";

    private final Path path;
    private final Fence fence;
    private final Configuration hadoop;

    /** @param fence asked before the artifact is made to count, and before it is removed */
    public ArtifactDirectory(Path path, Fence fence, Configuration hadoop) {
        this.path = Objects.requireNonNull(path, "path");
        this.fence = Objects.requireNonNull(fence, "fence");
        this.hadoop = Objects.requireNonNull(hadoop, "hadoop");
    }

    public Path path() {
        return path;
    }

    /**
     * @return empty if the artifact is missing or unfinished
     * @throws RpoException if the manifest is there but cannot be read
     */
    public Optional<Manifest> manifest() {
        return read(MANIFEST);
    }

    /**
     * Reads what the unfinished artifact was begun with.
     *
     * @return empty if it was not begun by {@link #begin}, has been finished, or got no further than that
     * @throws RpoException if the note is there but cannot be read
     */
    public Optional<Manifest> begun() {
        return manifest().isPresent() ? Optional.empty() : read(BEGUN).filter(begun -> holdsWork());
    }

    private boolean holdsWork() {
        try {
            return Arrays.stream(Stores.open(path, hadoop).listStatus(path))
                    .map(found -> found.getPath().getName())
                    .anyMatch(name -> !name.equals(BEGUN) && !name.startsWith("."));
        } catch (FileNotFoundException e) {
            return false;
        } catch (IOException e) {
            throw StoreFailure.of("read", path, e);
        }
    }

    /** Notes what is being made, for artifacts that another process may go on with. */
    public void begin(Manifest manifest) {
        file(BEGUN).write(manifest.toJson());
    }

    private Optional<Manifest> read(String name) {
        return file(name).read().map(text -> {
            try {
                return Manifest.fromJson(text);
            } catch (IllegalArgumentException e) {
                throw RpoException.configuration("Cannot use " + path + ": its " + name + " is damaged, "
                        + e.getMessage() + ". Delete the folder to have it made again.");
            }
        });
    }

    /** Removes the manifest, then everything else, and leaves an empty directory. */
    public void clear() {
        remove();
        try {
            FileSystem store = Stores.open(path, hadoop);
            if (!store.mkdirs(path)) {
                throw new IOException("the folder could not be made");
            }
        } catch (IOException e) {
            throw StoreFailure.of("make", path, e);
        }
    }

    /** Removes the manifest, then the directory. */
    public void remove() {
        fence.check();
        try {
            FileSystem store = Stores.open(path, hadoop);
            store.delete(file(MANIFEST).path(), false);
            store.delete(path, true);
        } catch (IOException e) {
            throw StoreFailure.of("remove", path, e);
        }
    }

    /** Makes the artifact count; on a local disk all of it is safe from a power failure then. */
    public void publish(Manifest manifest) {
        LocalCopies.force(path, hadoop);
        fence.check();
        file(MANIFEST).writeDurably(manifest.toJson());
    }

    private SmallFile file(String name) {
        return new SmallFile(new Path(path, name), hadoop);
    }
}
