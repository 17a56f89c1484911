package ai.rpo.jobs.retrain;

/**
 * Holds the keys of {@code rpo.retrain}.
 *
 * @param from what each night starts from
 */
public record RetrainSettings(Start from) {

    /** Names a model to start from. */
    public enum Start {
        /** The one in production, which learns what is new; the base where none is. */
        PRODUCTION,
        /** The one at {@code rpo.model.path}, which learns everything once more. */
        BASE
    }
}
