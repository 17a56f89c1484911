package ai.rpo.core.text.jinja;

/** A template that cannot be parsed, or that cannot be rendered with the values at hand. */
public final class TemplateException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public TemplateException(String message) {
        super(message);
    }
}
