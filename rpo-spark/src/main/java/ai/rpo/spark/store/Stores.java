package ai.rpo.spark.store;

import ai.rpo.core.RpoException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Opens the file system of a path, or says what is missing for it. */
public final class Stores {

    private Stores() {}

    /**
     * A path as a user writes it. A colon is part of a name unless what stands before it is a scheme, which a slash follows.
     *
     * @throws RpoException if no path can be written so
     */
    public static Path path(String text) {
        int colon = text.indexOf(':');
        boolean colonOfAName = colon >= 0 && !text.startsWith("/", colon + 1) && text.lastIndexOf('/', colon) < 0;
        try {
            return colonOfAName ? new Path(null, null, text) : new Path(text);
        } catch (IllegalArgumentException e) {
            throw RpoException.configuration("Cannot use \"" + text + "\" as a path: " + e.getMessage()
                    + ". Write a file or a folder, or a URI such as hdfs://host/folder.");
        }
    }

    /**
     * Lists the names in a folder, in order and without hidden ones; none if it is missing.
     *
     * @throws RpoException if it cannot be read
     */
    public static List<String> names(Path folder, Configuration hadoop) {
        try {
            return Arrays.stream(open(folder, hadoop).listStatus(folder))
                    .map(entry -> entry.getPath().getName())
                    .filter(name -> !name.startsWith("."))
                    .sorted()
                    .toList();
        } catch (FileNotFoundException e) {
            return List.of();
        } catch (IOException e) {
            throw StoreFailure.of("read", folder, e);
        }
    }

    /**
     * Deletes a file, or a folder with all that is in it; does nothing where there is none.
     *
     * @throws RpoException if that is not possible
     */
    public static void delete(Path path, Configuration hadoop) {
        try {
            open(path, hadoop).delete(path, true);
        } catch (IOException e) {
            throw StoreFailure.of("remove", path, e);
        }
    }

    /**
     * @throws RpoException if there is no such file system, or it cannot be reached
     */
    public static FileSystem open(Path path, Configuration hadoop) {
        try {
            return path.getFileSystem(hadoop);
        } catch (IOException e) {
            throw StoreFailure.of("reach", path, e);
        } catch (RuntimeException e) {
            if (e.getCause() instanceof ClassNotFoundException missing) {
                throw RpoException.configuration("Cannot reach " + path + ": " + missing.getMessage()
                        + ". Add the jars of " + path.toUri().getScheme()
                        + ":// to the class path, as deploy/README.md says, or name a place on another file system.");
            }
            throw e;
        }
    }
}
