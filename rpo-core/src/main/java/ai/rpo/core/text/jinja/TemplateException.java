package ai.rpo.core.text.jinja;

/** A template that cannot be parsed, or that cannot be rendered with the values at hand. */
public final class TemplateException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public TemplateException(String message) {
        this(message, null);
    }

    TemplateException(String message, Throwable cause) {
        // Thrown once per conversation that a template refuses, possibly millions of times: no stack trace.
        super(message, cause, false, false);
    }
}
