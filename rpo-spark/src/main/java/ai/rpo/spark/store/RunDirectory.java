package ai.rpo.spark.store;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.util.Objects;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Locates everything of one run: an artifact for each stage, the exported model, and what a person reads first
 * ({@code resolved.conf}, {@code status.json}).
 */
public final class RunDirectory {

    private final Path root;
    private final Configuration hadoop;
    private final Fence fence;

    /**
     * Opens it for whoever is alone with it.
     *
     * @param root any Hadoop path
     * @param hadoop for reaching it
     */
    public RunDirectory(Path root, Configuration hadoop) {
        this(root, Fence.NONE, hadoop);
    }

    private RunDirectory(Path root, Fence fence, Configuration hadoop) {
        this.root = Objects.requireNonNull(root, "root");
        this.hadoop = Objects.requireNonNull(hadoop, "hadoop");
        this.fence = fence;
    }

    /**
     * Waits at most half a minute for a sign of another holder.
     *
     * @param command that will write
     * @throws RpoException if another process works in the directory
     */
    public Lease lease(String command) {
        return Lease.acquire(path("lease"), command, hadoop);
    }

    /** Puts the directory behind a fence: nothing is published unless that lets it pass. */
    public RunDirectory behind(Fence other) {
        return new RunDirectory(root, other, hadoop);
    }

    /** Takes a folder of this one for a run directory of its own, behind the same fence. */
    public RunDirectory below(String relative) {
        return new RunDirectory(path(relative), fence, hadoop);
    }

    public Fence fence() {
        return fence;
    }

    public Path path() {
        return root;
    }

    /**
     * Makes the folder where it is missing.
     *
     * @return the folder as one of this machine's, if it is
     * @throws RpoException if that is not possible
     */
    public Optional<java.nio.file.Path> make() {
        try {
            FileSystem store = Stores.open(root, hadoop);
            if (!store.mkdirs(root)) {
                throw new IOException("the folder could not be made");
            }
            return store.getUri().getScheme().equals("file")
                    ? Optional.of(java.nio.file.Path.of(root.toUri().getPath()))
                    : Optional.empty();
        } catch (IOException e) {
            throw StoreFailure.of("write to", root, e);
        }
    }

    /** Something below the run directory, such as {@code reference/train}. */
    public Path path(String relative) {
        return new Path(root, relative);
    }

    public boolean exists(String relative) {
        Path path = path(relative);
        try {
            return Stores.open(path, hadoop).exists(path);
        } catch (IOException e) {
            throw StoreFailure.of("read", path, e);
        }
    }

    /** The artifact in a folder, such as {@code data}. */
    public ArtifactDirectory artifact(String folder) {
        return new ArtifactDirectory(path(folder), fence, hadoop);
    }

    /** A file such as {@code status.json}. */
    public SmallFile file(String relative) {
        return new SmallFile(path(relative), hadoop);
    }
}
