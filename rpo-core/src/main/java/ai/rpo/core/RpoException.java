package ai.rpo.core;

/**
 * A failure that whoever runs a job can act on. Its message reads "Cannot &lt;do&gt; &lt;thing&gt;: &lt;why&gt;.
 * &lt;what to do&gt;" and is all that the user needs to see; anything else that is thrown is a bug.
 */
public final class RpoException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Says what went wrong, as a caller has to treat it. */
    public enum Kind {
        /** The configuration, or something it names, cannot be used. */
        CONFIGURATION(2),
        /** The data were read and are not fit. */
        DATA(3),
        /** The work was done, and what came of it does not pass a gate. */
        GATE(4),
        /** May succeed when the same command is run again. */
        RETRYABLE(5),
        /** Anything else. */
        OTHER(1);

        private final int exitCode;

        Kind(int exitCode) {
            this.exitCode = exitCode;
        }

        public int exitCode() {
            return exitCode;
        }
    }

    private final Kind kind;

    public RpoException(Kind kind, String message) {
        this(kind, message, null);
    }

    public RpoException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public static RpoException configuration(String message) {
        return new RpoException(Kind.CONFIGURATION, message);
    }

    public static RpoException data(String message) {
        return new RpoException(Kind.DATA, message);
    }

    public Kind kind() {
        return kind;
    }
}
