package ai.rpo.spark.device;

import ai.rpo.core.RpoException;
import ai.rpo.core.model.Adapter;
import ai.rpo.spark.store.SmallFile;
import ai.rpo.spark.store.Stores;
import java.io.IOException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Finds the model that an adapter folder adapts, anywhere Hadoop reaches. */
public final class AdaptedModel {

    private AdaptedModel() {}

    /**
     * @param folder of a model or of an adapter
     * @param given where the adapted model is, instead of where adapter_config.json says
     * @return empty if the folder is no adapter's
     * @throws RpoException if the adapted model is not where it should be, or models lie in folders of this one
     */
    public static Optional<String> of(String folder, Optional<String> given, Configuration hadoop) {
        ModelsBelow.refuse(folder, hadoop);
        Path path = Stores.path(folder);
        FileSystem store = Stores.open(path, hadoop);
        try {
            Set<String> files = new HashSet<>();
            for (String name : Adapter.SIGNS) {
                if (store.exists(new Path(path, name))) {
                    files.add(name);
                }
            }
            if (!Adapter.isAmong(files)) {
                return Optional.empty();
            }
            Optional<String> text = new SmallFile(new Path(path, "adapter_config.json"), hadoop).read();
            if (text.isEmpty()) {
                return Optional.empty();
            }
            String name = Adapter.baseNameIn(text.get());
            return Optional.of(given.isPresent() ? given.get() : resolve(path, name, hadoop));
        } catch (IOException e) {
            throw new RpoException(
                    RpoException.Kind.RETRYABLE, "Cannot read " + folder + ": " + e + ". Check the store.", e);
        }
    }

    /** Finds the model that an adapter names: relative to the adapter, or to the working directory. */
    private static String resolve(Path adapter, String name, Configuration hadoop) throws IOException {
        if (!name.isBlank()) {
            for (Path place : new Path[] {new Path(adapter, name), new Path(name)}) {
                if (Stores.open(place, hadoop).exists(place)) {
                    return place.toString();
                }
            }
        }
        throw Adapter.withoutModel(adapter, name);
    }
}
