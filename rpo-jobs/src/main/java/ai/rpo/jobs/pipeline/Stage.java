package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A step of a run that leaves an artifact.
 *
 * @param name as in the command line, such as {@code score}
 * @param folder of the artifact in the run directory
 * @param otherFolders that it writes too; they are removed when the artifact is made anew
 * @param replaces folders of other stages' artifacts that write the same other folders
 * @param requires stages whose artifacts it reads
 * @param dependsOn what the artifact depends on beyond those of {@code requires}: configuration keys and hashes
 * @param skipped why the stage has nothing to do, if it has not
 * @param resumes whether the action goes on from what an interrupted one has left in the folder
 * @param product what a person looks at when it is done, in the run directory
 * @param action the work
 */
public record Stage(
        String name,
        String folder,
        List<String> otherFolders,
        List<String> replaces,
        List<Stage> requires,
        Map<String, String> dependsOn,
        Optional<String> skipped,
        boolean resumes,
        String product,
        Action action) {

    /** Does a stage's work, once its folders are clear. */
    @FunctionalInterface
    public interface Action {

        /** @return how much of what is in the artifact, such as {@code train_pairs} */
        Map<String, Long> run(Progress progress);
    }

    public Stage {
        otherFolders = List.copyOf(otherFolders);
        replaces = List.copyOf(replaces);
        requires = List.copyOf(requires);
    }
}
