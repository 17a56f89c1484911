package ai.rpo.jobs.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.spark.store.Fingerprint;
import ai.rpo.spark.store.Manifest;
import ai.rpo.spark.store.RunDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PipelineTest {

    @TempDir
    Path folder;

    private final List<String> events = new ArrayList<>();
    private final Pipeline.Listener listener = new Pipeline.Listener() {
        @Override
        public void reused(Stage stage, Manifest manifest) {
            events.add("reuse " + stage.name());
        }

        @Override
        public void skipped(Stage stage) {
            events.add("skip " + stage.name());
        }

        @Override
        public void started(Stage stage) {
            events.add("start " + stage.name());
        }

        @Override
        public void finished(Stage stage, Map<String, Long> counts, Duration took) {
            events.add("finish " + stage.name() + " " + counts);
        }
    };

    /** Settings of the three stages; a change of one changes the stage's fingerprint. */
    private Map<String, String> settings = Map.of("data", "a", "beta", "0.1", "rate", "1e-4");

    private final List<String> calls = new ArrayList<>();
    private boolean failing;
    private boolean resumes;

    @Test
    void missingArtifactsAreMadeFirstAndReusedNextTime() throws IOException {
        run(train(), false);
        assertEquals(
                List.of("start prepare", "finish prepare {rows=3}", "start train", "finish train {rows=3}"), events);
        assertTrue(Files.exists(folder.resolve("run/data/manifest.json")));

        events.clear();
        run(train(), false);
        assertEquals(List.of("reuse train"), events, "what a finished artifact was made from is not needed");

        events.clear();
        run(prepare(), false);
        assertEquals(List.of("reuse prepare"), events);
    }

    @Test
    void aFinishedArtifactIsClearedUpAndCheckedBeforeItIsUsedAgain() {
        run(prepare(), false);
        assertEquals(List.of("clean up prepare of a finished artifact"), calls);

        calls.clear();
        run(train(), false);
        assertEquals("check prepare of a finished artifact", calls.get(0));
    }

    @Test
    void anUnfinishedStageIsMadeAgain() throws IOException {
        failing = true;
        assertThrows(IllegalStateException.class, () -> run(train(), false));
        assertFalse(Files.exists(folder.resolve("run/train/manifest.json")));
        Files.writeString(folder.resolve("run/train/half"), "of the work");

        failing = false;
        events.clear();
        run(train(), false);

        assertEquals(List.of("reuse prepare", "start train", "finish train {rows=3}"), events);
        assertFalse(Files.exists(folder.resolve("run/train/half")));
    }

    @Test
    void anUnfinishedStageThatResumesFindsWhatItLeft() throws IOException {
        resumes = true;
        failing = true;
        assertThrows(IllegalStateException.class, () -> run(train(), false));
        Files.createDirectories(folder.resolve("run/train"));
        Files.writeString(folder.resolve("run/train/half"), "of the work");

        failing = false;
        run(train(), false);
        assertTrue(Files.exists(folder.resolve("run/train/half")));

        settings = Map.of("data", "a", "beta", "0.2", "rate", "1e-4");
        run(train(), true);
        assertFalse(Files.exists(folder.resolve("run/train/half")), "a finished one is replaced whole");
    }

    @Test
    void otherSettingsAreRefusedByNameAndTouchNothing() throws IOException {
        run(train(), false);
        Files.writeString(folder.resolve("run/model/weights"), "precious");

        settings = Map.of("data", "b".repeat(64), "beta", "0.1", "rate", "2e-4");
        events.clear();
        RpoException failure = assertThrows(RpoException.class, () -> run(train(), false));

        assertEquals(RpoException.Kind.CONFIGURATION, failure.kind());
        assertEquals(
                "Cannot write to " + folder + "/run: it holds results of other settings. "
                        + "Choose another rpo.output, or set rpo.overwrite = true to replace them.\n"
                        + "  data (data/, train/)\n"
                        + "  rate was 1e-4 and is 2e-4 (train/)",
                failure.getMessage());
        assertEquals(List.of(), events);
        assertEquals("precious", Files.readString(folder.resolve("run/model/weights")));
    }

    /** As after a run that was killed: it is not gone on with under other settings. */
    @Test
    void otherSettingsForAnUnfinishedStageAreRefusedByName() throws IOException {
        resumes = true;
        failing = true;
        assertThrows(IllegalStateException.class, () -> run(train(), false));
        Files.writeString(folder.resolve("run/train/half"), "of the work");

        failing = false;
        settings = Map.of("data", "a", "beta", "0.2", "rate", "2e-4");
        RpoException failure = assertThrows(RpoException.class, () -> run(train(), false));

        assertEquals(RpoException.Kind.CONFIGURATION, failure.kind());
        assertTrue(
                failure.getMessage()
                        .endsWith("\n  beta was 0.1 and is 0.2 (train/)\n  rate was 1e-4 and is 2e-4 (train/)"),
                failure.getMessage());
        assertTrue(Files.exists(folder.resolve("run/train/half")));
    }

    /** As after a mistake in the settings that showed when the work began: there is nothing to lose. */
    @Test
    void otherSettingsForAStageThatLeftNothingAreTaken() {
        resumes = true;
        failing = true;
        assertThrows(IllegalStateException.class, () -> run(train(), false));
        assertTrue(Files.exists(folder.resolve("run/train/begun.json")));

        failing = false;
        settings = Map.of("data", "a", "beta", "0.2", "rate", "1e-4");
        events.clear();
        run(train(), false);

        assertEquals(List.of("reuse prepare", "start train", "finish train {rows=3}"), events);
    }

    @Test
    void overwritingReplacesOnlyWhatDiffers() throws IOException {
        run(train(), false);
        Files.writeString(folder.resolve("run/model/old"), "weights");

        settings = Map.of("data", "a", "beta", "0.1", "rate", "2e-4");
        events.clear();
        run(train(), true);

        assertEquals(List.of("reuse prepare", "start train", "finish train {rows=3}"), events);
        assertFalse(Files.exists(folder.resolve("run/model/old")));
    }

    @Test
    void aStageWithNothingToDoIsSkipped() {
        Stage evaluate =
                stage("evaluate", "eval", List.of(), List.of(), List.of(train()), Map.of(), Optional.of("no data"));

        run(evaluate, false);

        assertEquals(List.of("skip evaluate"), events);
    }

    @Test
    void aStageDoesNotReplaceTheModelOfAnother() {
        run(
                stage("sft", "sft/train", List.of("model"), List.of("train"), List.of(), Map.of(), Optional.empty()),
                false);

        RpoException failure = assertThrows(RpoException.class, () -> run(train(), false));
        assertTrue(
                failure.getMessage().contains("train replaces model/, which belongs to another stage (sft/train/)"),
                failure.getMessage());

        run(train(), true);
        assertFalse(Files.exists(folder.resolve("run/sft/train")));
    }

    @Test
    void aFolderOfAnotherStageIsRefused() {
        run(stage("sft-data", "data", List.of(), List.of(), List.of(), Map.of(), Optional.empty()), false);

        RpoException failure = assertThrows(RpoException.class, () -> run(prepare(), false));

        assertTrue(failure.getMessage().contains("made by sft-data, not by prepare (data/)"), failure.getMessage());
    }

    private void run(Stage target, boolean overwrite) {
        RunDirectory run = new RunDirectory(
                new org.apache.hadoop.fs.Path(folder.resolve("run").toString()), new Configuration());
        Pipeline pipeline = new Pipeline(run, overwrite, "1");
        pipeline.execute(pipeline.plan(target), Progress.NONE, listener);
    }

    private void called(String what) {
        calls.add(what + (Files.exists(folder.resolve("run/data/manifest.json")) ? " of a finished artifact" : ""));
    }

    private Stage prepare() {
        return stage(
                "prepare",
                "data",
                List.of(),
                List.of(),
                List.of(),
                Map.of("data", settings.get("data")),
                Optional.empty());
    }

    private Stage train() {
        return stage(
                "train",
                "train",
                List.of("model"),
                List.of("sft/train"),
                List.of(prepare()),
                Map.of("beta", settings.get("beta"), "rate", settings.get("rate")),
                Optional.empty());
    }

    private Stage stage(
            String name,
            String artifact,
            List<String> others,
            List<String> replaces,
            List<Stage> requires,
            Map<String, String> dependsOn,
            Optional<String> skipped) {
        return new FakeStage(
                name,
                artifact,
                others,
                replaces,
                requires,
                dependsOn,
                skipped,
                resumes,
                () -> {
                    if (failing && name.equals("train")) {
                        throw new IllegalStateException("killed");
                    }
                    for (String other : others) {
                        try {
                            Files.createDirectories(folder.resolve("run").resolve(other));
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    }
                },
                this::called);
    }

    private record FakeStage(
            String name,
            String folder,
            List<String> otherFolders,
            List<String> replaces,
            List<Stage> requires,
            Map<String, String> dependsOn,
            Optional<String> skipped,
            boolean resumes,
            Runnable work,
            Consumer<String> check)
            implements Stage {

        @Override
        public Map<String, Long> make(Fingerprint fingerprint, Progress progress) {
            work.run();
            return Map.of("rows", 3L);
        }

        @Override
        public void checkReuse() {
            check.accept("check " + name);
        }

        @Override
        public void cleanUp() {
            check.accept("clean up " + name);
        }
    }
}
