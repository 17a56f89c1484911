package ai.rpo.spark.reference;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.score.ExampleScore;
import ai.rpo.core.score.ScoreIdentity;
import ai.rpo.spark.store.InputFiles;
import ai.rpo.spark.store.SmallFile;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serializable;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Scores that were computed before, each under the key of its row. The scores of one {@link ScoreIdentity} share a
 * folder of Parquet files, so those of several models lie beside each other. A file appears whole and is never changed,
 * so any number of runs may read and add at once. What is deleted is computed again.
 */
final class ScoreStore implements Serializable {

    private static final long serialVersionUID = 1L;
    private static final String SUFFIX = ".parquet";

    private final ScoreIdentity identity;
    private final String folder;
    private final SerializableConfiguration hadoop;

    private ScoreStore(ScoreIdentity identity, Path folder, SerializableConfiguration hadoop) {
        this.identity = identity;
        this.folder = folder.toString();
        this.hadoop = hadoop;
    }

    /**
     * @param cache a folder on any Hadoop file system; made where it is missing
     * @throws ai.rpo.core.RpoException if it cannot be written to
     */
    static ScoreStore open(Path cache, ScoreIdentity identity, Configuration hadoop) {
        Path folder = new Path(cache, identity.digest());
        SmallFile description = new SmallFile(new Path(folder, "about.json"), hadoop);
        if (description.read().isEmpty()) {
            ObjectNode about = new ObjectMapper().createObjectNode();
            about.put("weights", identity.weights());
            about.put("adapter", identity.adapter());
            about.put("precision", identity.precision().key());
            about.put("numerics_version", ScoreIdentity.NUMERICS_VERSION);
            description.write(about.toPrettyString() + "\n");
        }
        return new ScoreStore(identity, folder, new SerializableConfiguration(hadoop));
    }

    byte[] key(Example example) {
        return identity.key(example);
    }

    ScoreIdentity identity() {
        return identity;
    }

    /** Rows of {@link ScoreFile#COLUMNS}, some perhaps more than once; empty if there are none yet. */
    Optional<Dataset<Row>> read(SparkSession spark) {
        if (isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(spark.read()
                .schema(ScoreFile.COLUMNS)
                .option("pathGlobFilter", "*" + SUFFIX)
                // What a damaged or deleted file held is computed again.
                .option("ignoreCorruptFiles", true)
                .option("ignoreMissingFiles", true)
                .parquet(folder));
    }

    private boolean isEmpty() {
        return InputFiles.inFolder(folder, name -> name.endsWith(SUFFIX), hadoop.value())
                .files()
                .isEmpty();
    }

    /** Collects the scores of one task. */
    Writer writer(boolean perToken) {
        return new Writer(perToken);
    }

    /** Publishes scores every minute or so, so that a task that is killed loses no more. */
    final class Writer {

        private static final long PERIOD_NANOS = 60_000_000_000L;
        private static final long LARGEST_BYTES = 4 << 20;

        private final boolean perToken;
        private ScoreFile file;
        private long opened;

        private Writer(boolean perToken) {
            this.perToken = perToken;
        }

        void add(byte[] key, ExampleScore score) {
            if (file == null) {
                file = new ScoreFile(hadoop.value());
                opened = System.nanoTime();
            }
            file.add(key, perToken ? score : new ExampleScore(score.logps(), null));
            if (System.nanoTime() - opened > PERIOD_NANOS || file.bytes() > LARGEST_BYTES) {
                publish();
            }
        }

        void publish() {
            if (file != null) {
                new SmallFile(new Path(folder, UUID.randomUUID() + SUFFIX), hadoop.value()).write(file.close());
                file = null;
            }
        }
    }
}
