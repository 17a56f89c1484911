package ai.rpo.spark.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.util.SerializableConfiguration;

/**
 * A folder of values, each with its key, that tasks compute and runs share. A file appears whole and is never changed,
 * so any number of runs may read and add at once. What is deleted is computed again.
 */
public final class KeyedFiles implements Serializable {

    private static final long serialVersionUID = 1L;

    private final String folder;
    private final String suffix;
    private final SerializableConfiguration hadoop;

    private KeyedFiles(Path folder, String suffix, Configuration hadoop) {
        this.folder = folder.toString();
        this.suffix = suffix;
        this.hadoop = new SerializableConfiguration(hadoop);
    }

    /**
     * @param folder on any Hadoop file system; made where it is missing
     * @param suffix of the files' names
     * @param about what is written down beside the files for people
     * @throws ai.rpo.core.RpoException if it cannot be written to
     */
    public static KeyedFiles open(Path folder, String suffix, ObjectNode about, Configuration hadoop) {
        SmallFile description = new SmallFile(new Path(folder, "about.json"), hadoop);
        if (description.read().isEmpty()) {
            description.write(about.toPrettyString() + "\n");
        }
        return new KeyedFiles(folder, suffix, hadoop);
    }

    public String folder() {
        return folder;
    }

    /** A glob for the names of the files. */
    public String names() {
        return "*" + suffix;
    }

    /** Those that are there now. */
    public List<Path> files() {
        return InputFiles.inFolder(folder, name -> name.endsWith(suffix), hadoop.value()).files().stream()
                .map(FileStatus::getPath)
                .toList();
    }

    /** Some values that make up a file. */
    public interface Content<V> {

        void add(V value);

        /** Returns the size of what has been added. */
        long bytes();

        /** The whole file. */
        byte[] close();
    }

    /**
     * Collects the values of one task.
     *
     * @param loss how much time's work a task that is killed may lose
     * @param content of a new file
     */
    public <V> Writer<V> writer(Duration loss, Supplier<? extends Content<V>> content) {
        return new Writer<>(loss.toNanos(), content);
    }

    /** Publishes what is added to it time and again. */
    public final class Writer<V> {

        private static final long LARGEST_BYTES = 4 << 20;

        /** So that a long job leaves no more than some hundreds of files a task. */
        private static final int SHARE_OF_TIME = 100;

        private final long loss;
        private final Supplier<? extends Content<V>> contents;
        private final long begun = System.nanoTime();
        private Content<V> content;
        private long opened;

        private Writer(long loss, Supplier<? extends Content<V>> contents) {
            this.loss = loss;
            this.contents = contents;
        }

        public void add(V value) {
            if (content == null) {
                content = contents.get();
                opened = System.nanoTime();
            }
            content.add(value);
            publishIfDue();
        }

        /** Publishes for whoever has nothing to add for a while. */
        public void publishIfDue() {
            long now = System.nanoTime();
            if (content != null
                    && (now - opened > Math.max(loss, (now - begun) / SHARE_OF_TIME)
                            || content.bytes() > LARGEST_BYTES)) {
                publish();
            }
        }

        public void publish() {
            if (content != null) {
                new SmallFile(new Path(folder, UUID.randomUUID() + suffix), hadoop.value()).write(content.close());
                content = null;
            }
        }
    }
}
