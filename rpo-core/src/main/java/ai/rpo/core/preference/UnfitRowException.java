package ai.rpo.core.preference;

import java.util.Objects;

/** A row that cannot be used. Whoever reads the data set counts it and goes on with the next row. */
public final class UnfitRowException extends Exception {

    private static final long serialVersionUID = 1L;

    private final Reason reason;

    /**
     * @param detail what was found, such as the offending field and value; empty where the reason says it all
     */
    public UnfitRowException(Reason reason, String detail) {
        // Thrown once per bad row, possibly millions of times: no stack trace.
        super(detail, null, false, false);
        this.reason = Objects.requireNonNull(reason, "reason");
    }

    public UnfitRowException(Reason reason) {
        this(reason, "");
    }

    public Reason reason() {
        return reason;
    }
}
