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
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Inputs, model, scores and outputs all on an object store, as the program reaches it through s3a, with the jars and the
 * committer of {@code deploy/s3}.
 */
class ObjectStoreRunTest {

    private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();

    @TempDir
    Path work;

    @Test
    void preparesScoresAndTrainsOnAnObjectStore() throws Exception {
        try (ObjectStore store = new ObjectStore()) {
            putInputs(store);
            run(store, "train");
            assertTrue(store.text("run/status.json").contains("\"succeeded\""));
            List<String> keys = store.keys("run/");
            for (String artifact : List.of("data", "reference", "train")) {
                assertTrue(keys.contains("run/" + artifact + "/manifest.json"), keys::toString);
            }
            assertTrue(keys.contains("run/model/model.safetensors"), keys::toString);
            assertTrue(keys.stream().noneMatch(key -> key.matches(".*(_temporary|__magic).*")), keys::toString);
            for (String rows : List.of("data/train", "reference/train")) {
                String success = store.text("run/" + rows + "/_SUCCESS");
                assertTrue(success.contains("\"committer\" : \"magic\""), success);
            }
            assertTrue(store.text("run/reference/report.json").contains("\"computed\" : 40"));
            assertEquals(1, store.keys("board/run/events.out.tfevents.").size(), "TensorBoard's");

            String status = run(store, "status", ObjectStore.uri("run"));
            assertTrue(status.contains("command   train, succeeded"), status);
            assertTrue(status.contains("kept      checkpoints step-"), status);
            assertTrue(run(store, "report").contains("s3a://bucket/run/report/index.html"));
            assertTrue(store.text("run/report/index.html").contains("</html>"));

            // As after a run that was stopped before its manifest: the scores are still there.
            store.delete("run/reference/");
            run(store, "score");
            assertTrue(store.text("run/reference/report.json").contains("\"reused\" : 40"));
        }
    }

    @Test
    @Timeout(300)
    void aWriterThatWasSuspendedPublishesNothingOnceAnotherHasTakenOver() throws Exception {
        try (ObjectStore store = new ObjectStore()) {
            putInputs(store);
            Path lateOutput = work.resolve("late.txt");
            Process late = start(store, "prepare", lateOutput);
            try {
                String lease = "run/lease/00000001.json";
                while (late.isAlive() && !store.keys("run/lease/").contains(lease)) {
                    Thread.sleep(10);
                }
                signal("STOP", late);

                Path refusedOutput = work.resolve("refused.txt");
                assertEquals(5, start(store, "score", refusedOutput).waitFor(), () -> read(refusedOutput));
                assertTrue(read(refusedOutput).contains("the command prepare on "), read(refusedOutput));

                // As a process on another machine does, where nobody can see whether the first is alive.
                Path taken = Files.writeString(
                        work.resolve("taken.json"),
                        store.text(lease)
                                .replaceAll("\"(owner|host|machine)\":\"[^\"]*\"", "\"$1\":\"elsewhere\"")
                                .replaceAll("\"process\":\\d+", "\"process\":17"));
                store.put("run/lease/00000002.json", taken);
                signal("CONT", late);

                assertEquals(5, late.waitFor(), () -> read(lateOutput));
                assertTrue(read(lateOutput).contains("elsewhere (process 17) has taken over"), read(lateOutput));
                List<String> keys = store.keys("run/");
                assertTrue(keys.stream().noneMatch(key -> key.endsWith("manifest.json")), keys::toString);
                assertEquals(Files.readString(taken), store.text("run/lease/00000002.json"));
            } finally {
                late.destroyForcibly();
            }
        }
    }

    private static void signal(String name, Process process) throws Exception {
        assertEquals(
                0,
                new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                        .inheritIO()
                        .start()
                        .waitFor());
    }

    private void putInputs(ObjectStore store) throws Exception {
        Path model = CHECKOUT.resolve("rpo-core/src/test/resources/families/llama");
        for (String name : List.of("config.json", "model.safetensors")) {
            store.put("base/" + name, model.resolve(name));
        }
        Path pairs = Files.writeString(
                work.resolve("pairs.jsonl"),
                IntStream.range(0, 40)
                        .mapToObj(i -> "{\"prompt_ids\": [1, %d, %d], \"chosen_ids\": [5, 2], \"rejected_ids\": [4, 2]}"
                                .formatted(3 + i % 10, 3 + i / 10))
                        .map(row -> row + "\n")
                        .collect(Collectors.joining()));
        store.put("pairs.jsonl", pairs);
    }

    /** Returns what a command prints, which must succeed. */
    private String run(ObjectStore store, String... command) throws Exception {
        Path output = work.resolve("output.txt");
        assertEquals(0, start(store, List.of(command), output).waitFor(), () -> read(output));
        return read(output);
    }

    private Process start(ObjectStore store, String command, Path output) throws Exception {
        return start(store, List.of(command), output);
    }

    private Process start(ObjectStore store, List<String> command, Path output) throws Exception {
        Path jobs = CHECKOUT.resolve("rpo-jobs/target");
        String classPath = String.join(
                File.pathSeparator,
                jobs.resolve("classes").toString(),
                Files.readString(jobs.resolve("classpath.txt")).strip(),
                jobs.resolve("spark/jars") + "/*",
                CHECKOUT.resolve("deploy/s3/target/jars") + "/*");
        List<String> java = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + CHECKOUT.resolve("deploy/jvm.options"),
                "-Xmx1g",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classPath,
                "ai.rpo.jobs.Main"));
        java.addAll(command);
        java.addAll(List.of("--config", CHECKOUT.resolve("deploy/s3/s3.conf").toString()));
        java.addAll(store.settings());
        for (String setting : List.of(
                "rpo.output=" + ObjectStore.uri("run"),
                "rpo.model.path=" + ObjectStore.uri("base"),
                "rpo.data.train=" + ObjectStore.uri("pairs.jsonl"),
                "rpo.reference.cache=" + ObjectStore.uri("scores"),
                "rpo.tensorboard=" + ObjectStore.uri("board"),
                "rpo.train.pairs-per-batch=8")) {
            java.addAll(List.of("-D", setting));
        }
        return new ProcessBuilder(java)
                .directory(work.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
