package ai.rpo.spark.device;

import ai.rpo.core.tensor.cuda.LostDeviceException;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;

/** Tells failures of machines, which the next attempt may be spared, from those of a program or its data. */
public final class MachineFailure {

    /** Spark's words for it, which stand in a message only, also for exceptions of tasks. */
    private static final List<String> SIGNS = List.of(
            "ExecutorLostFailure",
            "FetchFailed",
            "cancelled because SparkContext was shut down",
            "Could not get or set up connection",
            "Failed to connect to",
            "Connection reset",
            "No space left on device",
            "LostBlockException",
            "LostDeviceException");

    private MachineFailure() {}

    /** Tells whether an exception, or one that caused it, is of a machine. */
    public static boolean isCauseOf(Throwable thrown) {
        return Stream.iterate(thrown, cause -> cause != null, Throwable::getCause)
                .limit(100) // a cause may be its own
                .anyMatch(cause -> cause instanceof IOException
                        || cause instanceof LostDeviceException
                        || isSign(String.valueOf(cause.getMessage())));
    }

    private static boolean isSign(String message) {
        return SIGNS.stream().anyMatch(message::contains);
    }
}
