package ai.rpo.jobs.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.jobs.config.ConfigurationSources;
import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.launch.SparkLauncher;
import ai.rpo.spark.store.RunDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Somebody writes to what a stage is reading. */
class ChangedInputTest {

    private static final Path MODEL =
            Path.of("../rpo-core/src/test/resources/families/llama").toAbsolutePath();
    private static final String PAIR = "{\"prompt_ids\": [1, 5], \"chosen_ids\": [4, 2], \"rejected_ids\": [7, 2]}\n";

    @TempDir
    Path folder;

    @Test
    void dataOfWhichNobodyKnowsWhatWasReadAreNotUsed() throws IOException {
        Path pairs = Files.writeString(folder.resolve("pairs.jsonl"), PAIR);
        try (SparkLauncher spark = new SparkLauncher("test", Optional.of("local[1]"), Map.of())) {
            assertRefusedWhereItIsWrittenTo(pairs, PAIR, MODEL, pairs, Stages::prepare, spark);
            assertFalse(Files.exists(folder.resolve("out/data/manifest.json")));

            assertTrue(
                    make(stages(MODEL, pairs, spark).prepare(), Progress.NONE).get("train_rows") > 0);
        }
    }

    @Test
    void scoresOfNobodyKnowsWhichModelAreNotUsed() throws IOException {
        Path pairs = Files.writeString(folder.resolve("pairs.jsonl"), PAIR);
        Path model = copyOf(MODEL);
        try (SparkLauncher spark = new SparkLauncher("test", Optional.of("local[1]"), Map.of())) {
            make(stages(model, pairs, spark).prepare(), Progress.NONE);

            assertRefusedWhereItIsWrittenTo(model.resolve("config.json"), "\n", model, pairs, Stages::score, spark);

            assertEquals(
                    1, make(stages(model, pairs, spark).score(), Progress.NONE).get("train_rows"));
        }
    }

    private void assertRefusedWhereItIsWrittenTo(
            Path file, String text, Path model, Path pairs, Function<Stages, Stage> which, SparkLauncher spark) {
        AtomicInteger reports = new AtomicInteger();
        Progress writes = (what, done, total) -> {
            reports.incrementAndGet();
            append(file, text);
        };
        Stage stage = which.apply(stages(model, pairs, spark));

        RpoException refused = assertThrows(RpoException.class, () -> make(stage, writes));

        assertTrue(reports.get() > 0);
        assertEquals(RpoException.Kind.RETRYABLE, refused.kind());
        assertTrue(refused.getMessage().contains(": somebody wrote to it"), refused.getMessage());
    }

    private static Map<String, Long> make(Stage stage, Progress progress) {
        return stage.make(Pipeline.fingerprint(stage), progress);
    }

    private Stages stages(Path model, Path pairs, SparkLauncher spark) {
        ResolvedConfiguration configuration = ResolvedConfiguration.load(
                ConfigurationSources.of(
                        Optional.empty(),
                        List.of(
                                "rpo.output=" + folder.resolve("out"),
                                "rpo.model.path=" + model,
                                "rpo.data.train=" + pairs)),
                List.of());
        RunDirectory run = new RunDirectory(
                new org.apache.hadoop.fs.Path(folder.resolve("out").toString()), spark.hadoop());
        return new Stages(configuration, run, spark);
    }

    private Path copyOf(Path model) throws IOException {
        Path copy = Files.createDirectory(folder.resolve("model"));
        try (Stream<Path> files = Files.list(model)) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        return copy;
    }

    private static void append(Path file, String text) {
        try {
            Files.writeString(file, text, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
