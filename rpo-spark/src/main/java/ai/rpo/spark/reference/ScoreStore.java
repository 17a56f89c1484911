package ai.rpo.spark.reference;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.score.ScoreIdentity;
import ai.rpo.spark.store.KeyedFiles;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serializable;
import java.time.Duration;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Scores that were computed before, each under the key of its row. The scores of one {@link ScoreIdentity} share a
 * folder of Parquet files, so those of several models lie beside each other.
 */
final class ScoreStore implements Serializable {

    private static final long serialVersionUID = 1L;

    /** Bounds how much work a task that is killed may lose. */
    private static final Duration LOSS = Duration.ofMinutes(1);

    private final ScoreIdentity identity;
    private final KeyedFiles files;
    private final SerializableConfiguration hadoop;

    private ScoreStore(ScoreIdentity identity, KeyedFiles files, SerializableConfiguration hadoop) {
        this.identity = identity;
        this.files = files;
        this.hadoop = hadoop;
    }

    /**
     * @param cache a folder on any Hadoop file system; made where it is missing
     * @throws ai.rpo.core.RpoException if it cannot be written to
     */
    static ScoreStore open(Path cache, ScoreIdentity identity, Configuration hadoop) {
        ObjectNode about = new ObjectMapper().createObjectNode();
        about.put("weights", identity.weights());
        about.put("adapter", identity.adapter());
        about.put("precision", identity.precision().key());
        about.put("numerics_version", ScoreIdentity.NUMERICS_VERSION);
        return new ScoreStore(
                identity,
                KeyedFiles.open(new Path(cache, identity.digest()), ".parquet", about, hadoop),
                new SerializableConfiguration(hadoop));
    }

    byte[] key(Example example) {
        return identity.key(example);
    }

    ScoreIdentity identity() {
        return identity;
    }

    /** Rows of {@link ScoreFile#COLUMNS}, some perhaps more than once; empty if there are none yet. */
    Optional<Dataset<Row>> read(SparkSession spark) {
        if (files.files().isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(spark.read()
                .schema(ScoreFile.COLUMNS)
                .option("pathGlobFilter", files.names())
                // What a damaged or deleted file held is computed again.
                .option("ignoreCorruptFiles", true)
                .option("ignoreMissingFiles", true)
                .parquet(files.folder()));
    }

    /** Collects the scores of one task. */
    KeyedFiles.Writer<ScoreFile.Scored> writer(boolean perToken) {
        return files.writer(LOSS, () -> new ScoreFile(perToken, hadoop.value()));
    }
}
