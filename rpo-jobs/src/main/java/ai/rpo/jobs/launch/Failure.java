package ai.rpo.jobs.launch;

import ai.rpo.core.RpoException;
import ai.rpo.spark.device.MachineFailure;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkException;

/**
 * A failure as the user and a scheduler see it.
 *
 * @param exitCode see {@link RpoException.Kind}
 * @param message "Cannot … : …. …"
 * @param expected whether the message says all there is; otherwise the stack trace matters
 */
public record Failure(int exitCode, String message, boolean expected) {

    /** @param doing what could not be done, such as {@code train} */
    public static Failure of(String doing, Throwable thrown) {
        List<Throwable> chain = chain(thrown);
        for (Throwable cause : chain) {
            if (cause instanceof RpoException known) {
                return new Failure(known.kind().exitCode(), known.getMessage(), true);
            }
        }
        for (Throwable cause : chain) {
            if (cause instanceof OutOfMemoryError) {
                return new Failure(
                        RpoException.Kind.OTHER.exitCode(),
                        "Cannot " + doing + ": out of memory (" + cause.getMessage()
                                + "). Give the driver and the executors more, or lower rpo.train.tokens-per-micro-batch"
                                + " or rpo.reference.tokens-per-batch.",
                        false);
            }
        }
        String why = firstLine(chain.get(chain.size() - 1));
        if (MachineFailure.isCauseOf(thrown)) {
            return new Failure(
                    RpoException.Kind.RETRYABLE.exitCode(),
                    "Cannot " + doing + ": " + why + ". Run the same command again; finished stages are kept.",
                    false);
        }
        return new Failure(
                RpoException.Kind.OTHER.exitCode(),
                "Cannot " + doing + ": " + why
                        + ". Nobody foresaw this failure; its stack trace is in the file named below.",
                false);
    }

    /**
     * Tells the user, in a line or a few, and where more is.
     *
     * @param log where {@code thrown} has been logged, if it has
     */
    public void print(Throwable thrown, Optional<Path> log) {
        System.err.println(message);
        boolean moreToSee = !expected || exitCode != RpoException.Kind.CONFIGURATION.exitCode();
        if (moreToSee && log.isPresent()) {
            System.err.println("Log: " + log.get());
        } else if (!expected) {
            System.err.println("Stack trace: " + LogFile.ofTrace(thrown));
        }
    }

    /** Without Spark's appended stack traces. */
    private static String firstLine(Throwable cause) {
        String text = cause.getMessage() == null ? "" : cause.getMessage().strip();
        String line = text.lines().findFirst().orElse("").replaceAll("\\.$", "");
        return cause instanceof SparkException && !line.isEmpty()
                ? line
                : cause.getClass().getSimpleName() + (line.isEmpty() ? "" : ": " + line);
    }

    private static List<Throwable> chain(Throwable thrown) {
        List<Throwable> chain = new ArrayList<>();
        for (Throwable cause = thrown; cause != null && !chain.contains(cause); cause = cause.getCause()) {
            chain.add(cause);
        }
        return chain;
    }
}
