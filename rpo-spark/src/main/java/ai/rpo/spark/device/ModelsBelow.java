package ai.rpo.spark.device;

import ai.rpo.core.RpoException;
import ai.rpo.core.model.Adapter;
import ai.rpo.spark.store.Stores;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Finds models in folders of a folder that is none itself: checkpoints, named adapters, snapshots of a hub's cache. */
final class ModelsBelow {

    private static final List<String> BETWEEN = List.of(".", "snapshots");

    private ModelsBelow() {}

    /**
     * @throws RpoException that names them, if a folder holds no model and no adapter but such folders
     */
    static void refuse(String folder, Configuration hadoop) {
        Path path = Stores.path(folder);
        FileSystem store = Stores.open(path, hadoop);
        try {
            if (holdsModel(store, path)) {
                return;
            }
            Set<String> found = new TreeSet<>();
            for (String between : BETWEEN) {
                Path parent = between.equals(".") ? path : new Path(path, between);
                for (FileStatus child : store.exists(parent) ? store.listStatus(parent) : new FileStatus[0]) {
                    if (child.isDirectory() && holdsModel(store, child.getPath())) {
                        found.add((between.equals(".") ? "" : between + "/")
                                + child.getPath().getName());
                    }
                }
            }
            if (!found.isEmpty()) {
                throw RpoException.configuration("Cannot open the model " + folder + ": it holds neither a model nor an"
                        + " adapter itself. Name one of the folders in it: " + String.join(", ", found) + ".");
            }
        } catch (IOException e) {
            throw new RpoException(
                    RpoException.Kind.RETRYABLE, "Cannot read " + folder + ": " + e + ". Check the store.", e);
        }
    }

    private static boolean holdsModel(FileSystem store, Path folder) throws IOException {
        for (String sign : Adapter.SIGNS) {
            if (store.exists(new Path(folder, sign))) {
                return true;
            }
        }
        return false;
    }
}
