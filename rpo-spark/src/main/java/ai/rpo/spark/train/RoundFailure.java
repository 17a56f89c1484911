package ai.rpo.spark.train;

import ai.rpo.core.RpoException;

/** Ends an attempt at a round, which may succeed when it is done again. */
final class RoundFailure extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Says how often a round is tried. */
    static final int ATTEMPTS = 2;

    /** Says the same where machines go: as often as Spark tries a task. */
    static final int ATTEMPTS_ON_LOSS = 4;

    private final transient RuntimeException inTheEnd;
    private final int attempts;

    /**
     * @param inTheEnd what to throw when it has failed too often
     * @param attempts how often it may fail
     */
    RoundFailure(String why, RuntimeException inTheEnd, int attempts) {
        super(why, inTheEnd);
        this.inTheEnd = inTheEnd;
        this.attempts = attempts;
    }

    /** Makes a failure of machines, which another run of the command may be spared. */
    static RoundFailure lost(String why, Throwable cause, int attempts) {
        RpoException inTheEnd = new RpoException(
                RpoException.Kind.RETRYABLE,
                "Cannot go on training: " + why
                        + ". Check the executors, and run the same command again; it goes on from the last checkpoint.",
                cause);
        return new RoundFailure(why, inTheEnd, attempts);
    }

    RuntimeException inTheEnd() {
        return inTheEnd;
    }

    int attempts() {
        return attempts;
    }
}
