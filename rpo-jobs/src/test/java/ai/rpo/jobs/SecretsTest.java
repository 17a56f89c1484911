package ai.rpo.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.jobs.CommandLineProgram.Outcome;
import ai.rpo.jobs.track.ScriptedMlflow;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
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
    private static final String JUDGE_KEY = "judge-k3y-of-nobody";

    private final Set<String> commandLines = ConcurrentHashMap.newKeySet();

    @TempDir
    Path folder;

    @Test
    void secretsOfATrainingAppearInNoLogNoArtifactAndNoProcessList() throws Exception {
        Path configuration = inputs();
        Outcome outcome;
        try (ScriptedMlflow server = new ScriptedMlflow()) {
            server.down(true);
            outcome = run(
                    Map.of("MLFLOW_TOKEN_OF_TEST", TOKEN),
                    "train",
                    "--config",
                    configuration.toString(),
                    "-D",
                    "rpo.mlflow.tracking-uri=" + server.address());
        }
        assertEquals(0, outcome.exitCode(), outcome.err());
        assertTrue(outcome.out().contains("MLflow was not told everything"), outcome.out());
        assertTrue(
                Files.readString(folder.resolve("inside/out/rpo.log")).contains("MLflow at "),
                "the log has the failure");
        assertUnseen(outcome, TOKEN, STORE_KEY);
    }

    /** The server refuses the key, and repeats it. */
    @Test
    void theKeyOfAJudgeAppearsNowhereEither() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        Set<String> keys = ConcurrentHashMap.newKeySet();
        server.createContext("/", exchange -> {
            String key = exchange.getRequestHeaders().getFirst("Authorization");
            keys.add(key);
            byte[] body = ("{\"error\": {\"message\": \"Incorrect API key provided: " + key + "\"}}")
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(401, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        for (String name : List.of("a", "b")) {
            Files.writeString(
                    folder.resolve(name + ".jsonl"), "{\"prompt\": \"q\", \"completion\": \"" + name + "\"}\n");
        }
        Path configuration = Files.writeString(folder.resolve("judge.conf"), """
                rpo {
                  output = %1$s/inside/out
                  judge {
                    candidates { a = %1$s/a.jsonl, b = %1$s/b.jsonl }
                    baseline = b
                    protocol = alpaca-eval-2
                    by = endpoint
                    endpoint { url = "http://127.0.0.1:%2$d/v1", model = stub, key-env = JUDGE_KEY_OF_TEST, retries = 0 }
                  }
                }
                spark { ui.enabled = false, sql.shuffle.partitions = 2, master = "local[1]" }
                """.formatted(
                        folder, server.getAddress().getPort()));
        Outcome outcome = run(Map.of("JUDGE_KEY_OF_TEST", JUDGE_KEY), "judge", "--config", configuration.toString());
        server.stop(0);
        assertEquals(Set.of("Bearer " + JUDGE_KEY), keys);
        assertNotEquals(0, outcome.exitCode());
        assertTrue(outcome.err().contains("Incorrect API key provided"), outcome.err());
        assertUnseen(outcome, JUDGE_KEY);
    }

    /** Runs a command in the folder {@code inside}, and watches what processes say of themselves. */
    private Outcome run(Map<String, String> environment, String... arguments) throws Exception {
        Path work = Files.createDirectory(folder.resolve("inside"));
        AtomicBoolean over = new AtomicBoolean();
        Thread watcher = new Thread(() -> watch(commandLines, over));
        watcher.start();
        try {
            return new CommandLineProgram(work).run(environment, arguments);
        } finally {
            over.set(true);
            watcher.join();
        }
    }

    private void assertUnseen(Outcome outcome, String... secrets) throws IOException {
        assertTrue(
                commandLines.stream().anyMatch(line -> line.contains(" --config " + folder)),
                "the program was seen to the end of its arguments");
        for (String secret : secrets) {
            assertFalse(outcome.out().contains(secret));
            assertFalse(outcome.err().contains(secret));
            assertEquals(List.of(), filesWith(folder.resolve("inside"), secret));
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
            ProcessHandle.current().descendants().map(SecretsTest::commandLine).forEach(commandLines::add);
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /** All of it where {@code /proc} has it: {@link ProcessHandle#info} knows the first 4096 bytes, which the class path fills. */
    private static String commandLine(ProcessHandle process) {
        try {
            return read(Path.of("/proc", Long.toString(process.pid()), "cmdline"))
                    .replace('\0', ' ');
        } catch (UncheckedIOException e) {
            return process.info().commandLine().orElse("");
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
            throw new UncheckedIOException(e);
        }
    }
}
