package ai.rpo.core.tensor;

/** Says what a machine lacks for a kind of backend, as the end of a sentence. */
public final class UnavailableException extends Exception {

    private static final long serialVersionUID = 1;

    public UnavailableException(String lack, Throwable cause) {
        super(lack, cause);
    }
}
