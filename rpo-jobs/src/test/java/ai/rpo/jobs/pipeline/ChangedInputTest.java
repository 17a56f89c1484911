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
import ai.rpo.spark.store.Fingerprint;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Somebody writes to the data while a stage reads them. */
class ChangedInputTest {

    private static final Path MODEL =
            Path.of("../rpo-core/src/test/resources/families/llama").toAbsolutePath();
    private static final String PAIR = "{\"prompt_ids\": [1, 5], \"chosen_ids\": [4, 2], \"rejected_ids\": [7, 2]}\n";

    @TempDir
    Path folder;

    @Test
    void dataOfWhichNobodyKnowsWhatWasReadAreNotUsed() throws IOException {
        Path pairs = Files.writeString(folder.resolve("pairs.jsonl"), PAIR);
        ResolvedConfiguration configuration = ResolvedConfiguration.load(
                ConfigurationSources.of(
                        Optional.empty(),
                        List.of(
                                "rpo.output=" + folder.resolve("out"),
                                "rpo.model.path=" + MODEL,
                                "rpo.data.train=" + pairs)),
                List.of());
        try (SparkLauncher spark = new SparkLauncher("test", Optional.of("local[1]"), Map.of())) {
            RunDirectory run = new RunDirectory(
                    new org.apache.hadoop.fs.Path(folder.resolve("out").toString()), spark.hadoop());
            Stage prepare = new Stages(configuration, run, spark).prepare();
            Fingerprint before = Pipeline.fingerprint(prepare);
            AtomicInteger reports = new AtomicInteger();
            Progress writes = (what, done, total) -> {
                reports.incrementAndGet();
                append(pairs, PAIR);
            };

            RpoException refused = assertThrows(RpoException.class, () -> prepare.make(before, writes));

            assertTrue(reports.get() > 0);
            assertEquals(RpoException.Kind.RETRYABLE, refused.kind());
            assertTrue(refused.getMessage().contains("pairs.jsonl: somebody wrote to it"), refused.getMessage());
            assertFalse(Files.exists(folder.resolve("out/data/manifest.json")));
            Stage again = new Stages(configuration, run, spark).prepare();
            assertTrue(again.make(Pipeline.fingerprint(again), Progress.NONE).get("train_rows") > 0);
        }
    }

    private static void append(Path file, String text) {
        try {
            Files.writeString(file, text, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
