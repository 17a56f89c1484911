package ai.rpo.spark.prepare;

import ai.rpo.core.RpoException;
import ai.rpo.core.RpoException.Kind;
import ai.rpo.spark.store.StaleChecksum;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkException;

/** Failures to read input, as a user should see them. */
final class Unreadable {

    private static final Pattern READ_BY_SPARK =
            Pattern.compile("Encountered error while reading file (\\S+)\\. Details");

    private Unreadable() {}

    /** The failure to read one file. */
    static RpoException file(String path, IOException e) {
        if (e instanceof FileNotFoundException) {
            return new RpoException(
                    Kind.CONFIGURATION, "Cannot read " + path + ": it is not there. Check the path.", e);
        }
        Optional<RpoException> stale = StaleChecksum.of(new Path(path), e);
        if (stale.isPresent()) {
            return stale.get();
        }
        if (isDamage(e)) {
            return damaged(path, e);
        }
        return new RpoException(
                Kind.RETRYABLE,
                "Cannot read " + path + ": " + why(e) + ". Check the store and run the command again.",
                e);
    }

    private static RpoException damaged(String path, Throwable e) {
        return new RpoException(
                Kind.DATA, "Cannot read " + path + ": it is truncated or damaged (" + why(e) + "). Copy it again.", e);
    }

    private static String why(Throwable e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse(e.toString());
    }

    /** Finds what a task threw, taken out of what Spark wraps it in. */
    static Optional<RpoException> causeOf(Throwable failure) {
        Optional<RpoException> damaged = Optional.empty();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof RpoException ours) {
                return Optional.of(ours);
            }
            Matcher reading = READ_BY_SPARK.matcher(String.valueOf(cause.getMessage()));
            if (cause instanceof SparkException && cause.getCause() != null && reading.find()) {
                damaged = Optional.of(readBySpark(new Path(URI.create(reading.group(1))).toString(), cause.getCause()));
            }
        }
        return damaged;
    }

    /** Beyond I/O, what a reader throws has to do with what it has read. */
    private static RpoException readBySpark(String path, Throwable e) {
        Optional<RpoException> stale = StaleChecksum.of(new Path(path), e);
        if (stale.isPresent()) {
            return stale.get();
        }
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof IOException io && isDamage(io)) {
                return damaged(path, e);
            }
        }
        return e instanceof IOException io ? file(path, io) : damaged(path, e);
    }

    /** Codecs and Parquet report broken content as plain I/O failures. */
    private static boolean isDamage(IOException e) {
        String type = e.getClass().getSimpleName();
        String message = String.valueOf(e.getMessage());
        return e instanceof EOFException
                || type.startsWith("Zip")
                || type.startsWith("Zstd")
                || Stream.of("gzip", "stream header", "can not read class", "could not decode", "FAILED_TO_UNCOMPRESS")
                        .anyMatch(message::contains);
    }
}
