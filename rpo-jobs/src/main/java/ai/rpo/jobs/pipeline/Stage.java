package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.spark.store.Fingerprint;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A step of a run that leaves an artifact. */
public interface Stage {

    /** Gives the name as on the command line, such as {@code score}. */
    String name();

    /** Tells where the artifact is in the run directory. */
    String folder();

    /** Folders that it writes too; they are removed before the artifact is made anew. */
    default List<String> otherFolders() {
        return List.of();
    }

    /** Folders of other stages' artifacts that write the same other folders. */
    default List<String> replaces() {
        return List.of();
    }

    /** Gives what a person looks at when it is done. */
    default String product() {
        return folder();
    }

    /** Lines for a person that say what came out, once the artifact is there. */
    default List<String> summary() {
        return List.of();
    }

    /** Stages whose artifacts it reads. */
    List<Stage> requires();

    /** Configuration keys and hashes that the artifact depends on, beyond those of {@link #requires}. */
    Map<String, String> dependsOn();

    /** Files from outside that it reads, by URI, each with what tells its content. */
    default Map<String, String> inputs() {
        return Map.of();
    }

    /**
     * Holds a finished artifact against settings that do not change what is in it.
     *
     * @throws RpoException if they forbid using it
     */
    default void checkReuse() {}

    /**
     * Looks, before anything is made, for what can be seen then to be wrong.
     *
     * @throws RpoException where the stage could not be made
     */
    default void checkMakeable() {}

    /**
     * Tells whether its artifact is made anew unasked where what it depends on has changed: it costs little, and
     * nothing in it is nowhere else.
     */
    default boolean isDrawing() {
        return false;
    }

    /** Tells why there is nothing to do, if there is not. */
    default Optional<String> skipped() {
        return Optional.empty();
    }

    /** Tells whether the work goes on from what an interrupted one has left in the folder. */
    default boolean resumes() {
        return false;
    }

    /**
     * Does the work, once its folders are clear.
     *
     * @param fingerprint of the artifact to be
     * @return how much of what is in the artifact, such as {@code train_pairs}
     */
    Map<String, Long> make(Fingerprint fingerprint, Progress progress);

    /** Once the artifact is published: clears away what only an interrupted run would need. */
    default void cleanUp() {}
}
