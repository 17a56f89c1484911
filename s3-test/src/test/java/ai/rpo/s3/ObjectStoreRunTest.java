package ai.rpo.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Inputs, model, scores and outputs all on an object store, as the program reaches it through s3a. */
class ObjectStoreRunTest {

    private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();

    @TempDir
    Path work;

    @Test
    void preparesScoresAndTrainsOnAnObjectStore() throws Exception {
        try (ObjectStore store = new ObjectStore()) {
            Path model = CHECKOUT.resolve("rpo-core/src/test/resources/families/llama");
            for (String name : List.of("config.json", "model.safetensors")) {
                store.put("base/" + name, model.resolve(name));
            }
            Path pairs = Files.writeString(
                    work.resolve("pairs.jsonl"),
                    IntStream.range(0, 40)
                            .mapToObj(i ->
                                    "{\"prompt_ids\": [1, %d, %d], \"chosen_ids\": [5, 2], \"rejected_ids\": [4, 2]}"
                                            .formatted(3 + i % 10, 3 + i / 10))
                            .map(row -> row + "\n")
                            .collect(Collectors.joining()));
            store.put("pairs.jsonl", pairs);

            List<String> arguments = new ArrayList<>(List.of("train"));
            arguments.addAll(store.settings());
            for (String setting : List.of(
                    "rpo.output=" + ObjectStore.uri("run"),
                    "rpo.model.path=" + ObjectStore.uri("base"),
                    "rpo.data.train=" + ObjectStore.uri("pairs.jsonl"),
                    "rpo.reference.cache=" + ObjectStore.uri("scores"),
                    "rpo.train.pairs-per-batch=8")) {
                arguments.addAll(List.of("-D", setting));
            }
            run(arguments);
            assertTrue(store.text("run/status.json").contains("\"succeeded\""));
            List<String> keys = store.keys("run/");
            for (String artifact : List.of("data", "reference", "train")) {
                assertTrue(keys.contains("run/" + artifact + "/manifest.json"), keys::toString);
            }
            assertTrue(keys.contains("run/model/model.safetensors"), keys::toString);
            assertTrue(keys.stream().noneMatch(key -> key.contains("_temporary")), keys::toString);
            assertTrue(store.text("run/reference/report.json").contains("\"computed\" : 40"));

            // As after a run that was stopped before its manifest: the scores are still there.
            store.delete("run/reference/");
            arguments.set(0, "score");
            run(arguments);
            assertTrue(store.text("run/reference/report.json").contains("\"reused\" : 40"));
        }
    }

    private void run(List<String> arguments) throws Exception {
        Path jobs = CHECKOUT.resolve("rpo-jobs/target");
        String classPath = String.join(
                File.pathSeparator,
                jobs.resolve("classes").toString(),
                Files.readString(jobs.resolve("classpath.txt")).strip(),
                jobs.resolve("spark/jars") + "/*",
                CHECKOUT.resolve("s3-test/target/s3a") + "/*");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + CHECKOUT.resolve("deploy/jvm.options"),
                "-Xmx1g",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classPath,
                "ai.rpo.jobs.Main"));
        command.addAll(arguments);
        Path output = work.resolve("output.txt");
        int exitCode = new ProcessBuilder(command)
                .directory(work.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start()
                .waitFor();
        assertEquals(0, exitCode, () -> read(output));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
