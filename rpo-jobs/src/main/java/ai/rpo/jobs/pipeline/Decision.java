package ai.rpo.jobs.pipeline;

import ai.rpo.spark.store.Manifest;
import java.util.Optional;

/**
 * Says what is to be done about a stage.
 *
 * @param manifest of the artifact that is there, if a finished one is
 */
public record Decision(Stage stage, Verdict verdict, Optional<Manifest> manifest) {

    /** The three things that can be done. */
    public enum Verdict {
        /** The artifact is there, with the same fingerprint. */
        REUSE,
        /** The stage has nothing to do. */
        SKIP,
        /** The artifact is missing, unfinished or to be replaced. */
        MAKE
    }
}
