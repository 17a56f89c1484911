package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.spark.store.ArtifactDirectory;
import ai.rpo.spark.store.Fingerprint;
import ai.rpo.spark.store.Manifest;
import ai.rpo.spark.store.RunDirectory;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Makes a stage's artifact, and first those that it reads. An artifact with the same fingerprint is used again; one
 * with another is replaced only if that is allowed.
 */
public final class Pipeline {

    /** Hears of the stages as they pass. */
    public interface Listener {

        void reused(Stage stage, Manifest manifest);

        void skipped(Stage stage);

        void started(Stage stage);

        void finished(Stage stage, Map<String, Long> counts, Duration took);

        default void failed(Stage stage, Throwable why) {}
    }

    private final RunDirectory run;
    private final boolean overwrite;
    private final String version;

    /**
     * @param overwrite whether an artifact with another fingerprint is replaced
     * @param version of this program, for manifests
     */
    public Pipeline(RunDirectory run, boolean overwrite, String version) {
        this.run = run;
        this.overwrite = overwrite;
        this.version = version;
    }

    /**
     * Plans what making a stage takes, in order; changes nothing.
     *
     * @throws RpoException if an artifact with another fingerprint is in the way, or may not be used any more
     */
    public List<Decision> plan(Stage target) {
        Map<String, Decision> decisions = new LinkedHashMap<>();
        Map<String, Set<String>> conflicts = new TreeMap<>();
        decide(target, decisions, conflicts);
        if (!overwrite && !conflicts.isEmpty()) {
            StringBuilder message = new StringBuilder("Cannot write to " + run.path()
                    + ": it holds results of other settings. Choose another rpo.output, or set rpo.overwrite = true to"
                    + " replace them.");
            conflicts.forEach((conflict, folders) -> message.append("\n  ")
                    .append(conflict)
                    .append(" (")
                    .append(String.join("/, ", folders))
                    .append("/)"));
            throw RpoException.configuration(message.toString());
        }
        return decisions.values().stream()
                .sorted(Comparator.comparingInt(decision -> depth(decision.stage())))
                .toList();
    }

    /** Carries out a plan. */
    public void execute(List<Decision> plan, Progress progress, Listener listener) {
        for (Decision decision : plan) {
            switch (decision.verdict()) {
                case REUSE ->
                    listener.reused(decision.stage(), decision.manifest().orElseThrow());
                case SKIP -> listener.skipped(decision.stage());
                case MAKE -> {
                    try {
                        make(decision.stage(), progress, listener);
                    } catch (RuntimeException | Error e) {
                        listener.failed(decision.stage(), e);
                        throw e;
                    }
                }
            }
        }
    }

    private void make(Stage stage, Progress progress, Listener listener) {
        listener.started(stage);
        Instant start = Instant.now();
        ArtifactDirectory artifact = run.artifact(stage.folder());
        Fingerprint fingerprint = fingerprint(stage);
        if (!stage.resumes() || !isBegun(artifact, fingerprint)) {
            artifact.clear();
        }
        stage.replaces().forEach(folder -> run.artifact(folder).remove());
        stage.otherFolders().forEach(folder -> run.artifact(folder).remove());
        if (stage.resumes()) {
            artifact.begin(new Manifest(stage.name(), version, Instant.now(), fingerprint, Map.of()));
        }
        Map<String, Long> counts = stage.make(fingerprint, progress);
        artifact.publish(new Manifest(stage.name(), version, Instant.now(), fingerprint, counts, stage.inputs()));
        stage.cleanUp();
        listener.finished(stage, counts, Duration.between(start, Instant.now()));
    }

    /**
     * The stages that a finished artifact was made from are not looked at: they may have been deleted to save space.
     */
    private void decide(Stage stage, Map<String, Decision> decisions, Map<String, Set<String>> conflicts) {
        if (decisions.containsKey(stage.name())) {
            return;
        }
        if (stage.skipped().isPresent()) {
            decisions.put(stage.name(), new Decision(stage, Decision.Verdict.SKIP, Optional.empty()));
            return;
        }
        Optional<Manifest> manifest = run.artifact(stage.folder()).manifest();
        List<String> differences = manifest.or(run.artifact(stage.folder())::begun)
                .map(found -> differences(stage, found))
                .orElse(List.of());
        if (manifest.isPresent() && differences.isEmpty()) {
            stage.checkReuse();
            decisions.put(stage.name(), new Decision(stage, Decision.Verdict.REUSE, manifest));
            return;
        }
        stage.checkMakeable();
        stage.requires().forEach(required -> decide(required, decisions, conflicts));
        if (!stage.isDrawing()) {
            for (String difference : differences) {
                conflicts
                        .computeIfAbsent(difference, d -> new LinkedHashSet<>())
                        .add(stage.folder());
            }
        }
        for (String other : stage.replaces()) {
            if (run.artifact(other).manifest().isPresent()) {
                conflicts
                        .computeIfAbsent(
                                stage.name() + " replaces " + String.join("/, ", stage.otherFolders())
                                        + "/, which belongs to another stage",
                                d -> new LinkedHashSet<>())
                        .add(other);
            }
        }
        decisions.put(stage.name(), new Decision(stage, Decision.Verdict.MAKE, manifest));
    }

    private static boolean isBegun(ArtifactDirectory artifact, Fingerprint fingerprint) {
        return artifact.begun()
                .filter(begun -> begun.fingerprint().equals(fingerprint))
                .isPresent();
    }

    /** Tells how many stages come one after another before this one. */
    private static int depth(Stage stage) {
        return stage.requires().stream()
                .mapToInt(required -> 1 + depth(required))
                .max()
                .orElse(0);
    }

    private static List<String> differences(Stage stage, Manifest found) {
        if (!found.stage().equals(stage.name())) {
            return List.of("made by " + found.stage() + ", not by " + stage.name());
        }
        Fingerprint wanted = fingerprint(stage);
        return wanted.differencesFrom(found.fingerprint()).stream()
                .map(name -> name
                        + change(
                                found.fingerprint().values().get(name),
                                wanted.values().get(name)))
                .toList();
    }

    /** Hashes tell nobody anything. */
    private static String change(String before, String now) {
        boolean readable = before != null && now != null && before.length() <= 32 && now.length() <= 32;
        return readable ? " was " + named(before) + " and is " + named(now) : "";
    }

    private static String named(String value) {
        return value.isEmpty() ? "not set" : value;
    }

    /** Fingerprints all that a stage's artifact depends on, the artifacts that it is made from included. */
    public static Fingerprint fingerprint(Stage stage) {
        Fingerprint all = new Fingerprint(Map.of());
        for (Stage required : stage.requires()) {
            all = all.and(fingerprint(required).values());
        }
        return all.and(stage.dependsOn());
    }
}
