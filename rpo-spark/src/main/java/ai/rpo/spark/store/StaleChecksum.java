package ai.rpo.spark.store;

import ai.rpo.core.RpoException;
import ai.rpo.core.RpoException.Kind;
import java.util.Optional;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.Path;

/** Says that a file on a local disk is not what Hadoop once wrote, by the checksum file beside it. */
public final class StaleChecksum {

    private StaleChecksum() {}

    /** The failure to read {@code path}, if a checksum is its cause. */
    public static Optional<RpoException> of(Path path, Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ChecksumException) {
                return Optional.of(new RpoException(
                        Kind.CONFIGURATION,
                        "Cannot read " + path + ": it is not what ." + path.getName()
                                + ".crc beside it says. If the file was"
                                + " edited, delete that checksum; if not, it is damaged: copy it again.",
                        failure));
            }
        }
        return Optional.empty();
    }
}
