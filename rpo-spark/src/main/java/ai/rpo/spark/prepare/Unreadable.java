package ai.rpo.spark.prepare;

import ai.rpo.core.RpoException;
import ai.rpo.core.RpoException.Kind;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Optional;

/** Failures to read input, as a user should see them. */
final class Unreadable {

    private Unreadable() {}

    /** The failure to read one file. */
    static RpoException file(String path, IOException e) {
        String why = String.valueOf(e.getMessage()).lines().findFirst().orElse(e.toString());
        if (e instanceof FileNotFoundException) {
            return new RpoException(
                    Kind.CONFIGURATION, "Cannot read " + path + ": it is not there. Check the path.", e);
        }
        if (e instanceof EOFException || isDamage(e)) {
            return new RpoException(
                    Kind.DATA, "Cannot read " + path + ": it is truncated or damaged (" + why + "). Copy it again.", e);
        }
        return new RpoException(
                Kind.RETRYABLE, "Cannot read " + path + ": " + why + ". Check the store and run the command again.", e);
    }

    /** What a task threw, taken out of what Spark wraps it in. */
    static Optional<RpoException> causeOf(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof RpoException ours) {
                return Optional.of(ours);
            }
        }
        return Optional.empty();
    }

    /** Codecs report broken content as plain I/O failures. */
    private static boolean isDamage(IOException e) {
        String type = e.getClass().getSimpleName();
        return type.startsWith("Zip")
                || type.startsWith("Zstd")
                || String.valueOf(e.getMessage()).contains("gzip")
                || String.valueOf(e.getMessage()).contains("stream header");
    }
}
