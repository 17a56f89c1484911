package ai.rpo.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.jobs.CommandLineProgram.Outcome;
import ai.rpo.jobs.track.ScriptedMlflow;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole run with secrets in its environment and in its file: they appear nowhere else, even where a server repeats them. */
class SecretsTest {

    private static final Path MODEL = Path.of("../rpo-core/src/test/resources/families/llama");
    private static final String TOKEN = "mlflow-t0ken-of-nobody";
    private static final String STORE_KEY = "s3-k3y-of-nobody";

    @TempDir
    Path folder;

    @Test
    void secretsAppearInNoLogNoArtifactAndNoProcessList() throws Exception {
        Path work = Files.createDirectory(folder.resolve("inside"));
        Path configuration = inputs();
        Set<String> commandLines = ConcurrentHashMap.newKeySet();
        AtomicBoolean over = new AtomicBoolean();
        Thread watcher = new Thread(() -> watch(commandLines, over));
        Outcome outcome;
        try (ScriptedMlflow server = new ScriptedMlflow()) {
            server.down(true);
            watcher.start();
            outcome = new CommandLineProgram(work)
                    .run(
                            Map.of("MLFLOW_TOKEN_OF_TEST", TOKEN),
                            "train",
                            "--config",
                            configuration.toString(),
                            "-D",
                            "rpo.mlflow.tracking-uri=" + server.address());
        } finally {
            over.set(true);
            watcher.join();
        }
        assertEquals(0, outcome.exitCode(), outcome.err());
        assertTrue(outcome.out().contains("MLflow was not told everything"), outcome.out());
        String log = Files.readString(work.resolve("out/rpo.log"));
        assertTrue(log.contains("MLflow at "), "the log has the failure");
        assertFalse(commandLines.isEmpty(), "the program was seen");
        for (String secret : List.of(TOKEN, STORE_KEY)) {
            assertFalse(outcome.out().contains(secret));
            assertFalse(outcome.err().contains(secret));
            assertEquals(List.of(), filesWith(work, secret));
            assertTrue(commandLines.stream().noneMatch(line -> line.contains(secret)));
        }
    }

    private Path inputs() throws IOException {
        Path model = Files.createDirectory(folder.resolve("tiny"));
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(MODEL.resolve(name), model.resolve(name));
        }
        Files.writeString(
                folder.resolve("pairs.jsonl"),
                IntStream.range(0, 8)
                        .mapToObj(i -> "{\"prompt_ids\": [1, %d], \"chosen_ids\": [4, 2], \"rejected_ids\": [5, 2]}\n"
                                .formatted(3 + i))
                        .collect(Collectors.joining()));
        return Files.writeString(folder.resolve("run.conf"), """
                rpo {
                  output = %1$s/inside/out
                  model.path = %1$s/tiny
                  data.train = %1$s/pairs.jsonl
                  train.pairs-per-batch = 4
                  mlflow.token-env = MLFLOW_TOKEN_OF_TEST
                }
                spark { ui.enabled = false, sql.shuffle.partitions = 2, master = "local[1]" }
                "spark.hadoop.fs.s3a.secret.key" = %2$s
                """.formatted(folder, STORE_KEY));
    }

    private static void watch(Set<String> commandLines, AtomicBoolean over) {
        while (!over.get()) {
            ProcessHandle.current()
                    .descendants()
                    .forEach(process -> process.info().commandLine().ifPresent(commandLines::add));
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static List<Path> filesWith(Path folder, String secret) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> read(file).contains(secret))
                    .toList();
        }
    }

    private static String read(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
