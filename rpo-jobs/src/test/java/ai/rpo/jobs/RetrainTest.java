package ai.rpo.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.jobs.CommandLineProgram.Outcome;
import ai.rpo.jobs.registry.Provenance;
import ai.rpo.jobs.registry.Registry;
import ai.rpo.jobs.track.ScriptedMlflow;
import ai.rpo.spark.store.Lease;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A week of nights: a growing folder, an empty night, bad labels, a killed night, a rollback. */
class RetrainTest {

    private static final Path MODEL = Path.of("../rpo-core/src/test/resources/families/llama");
    private static final int GOOD = 4;
    private static final int BAD = 5;

    @TempDir
    Path folder;

    private String out;
    private ScriptedMlflow mlflow;

    @AfterEach
    void close() {
        mlflow.close();
    }

    @BeforeEach
    void inputs() throws IOException {
        mlflow = new ScriptedMlflow();
        Path model = Files.createDirectory(folder.resolve("tiny"));
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(MODEL.resolve(name), model.resolve(name));
        }
        Files.createDirectory(folder.resolve("pairs"));
        Files.writeString(folder.resolve("eval.jsonl"), rows(8, GOOD, BAD));
        Files.writeString(folder.resolve("nightly.conf"), """
                rpo {
                  output = %1$s/out
                  registry = %1$s/models
                  model.path = %1$s/tiny
                  data { train = %1$s/pairs, eval = %1$s/eval.jsonl }
                  train { pairs-per-batch = 4, learning-rate = 1e-2 }
                  gates.min-reward-accuracy = 0.9
                  mlflow.tracking-uri = "%2$s"
                }
                spark { ui.enabled = false, sql.shuffle.partitions = 2, master = "local[1]" }
                """.formatted(folder, mlflow.address()));
    }

    @Test
    void aWeekOfNights() throws Exception {
        bring("monday.jsonl", 12, GOOD, BAD);
        assertEquals(0, execute("retrain"), out);
        assertTrue(out.contains("promote   version 1\n"), out);
        assertEquals(Set.of("monday.jsonl", "eval.jsonl"), known(1));

        assertEquals(0, execute("retrain"));
        assertTrue(out.contains("nothing is new to version 1 of "), out);
        assertEquals(4, execute("retrain", "-D", "rpo.gates.min-new-pairs=1"));
        assertEquals(Set.of("0001"), nights());

        bring("wednesday.jsonl", 24, BAD, GOOD);
        assertEquals(4, execute("retrain"));
        assertTrue(Files.readString(night(2, "report/index.html")).contains("""
                <p class="lead">held by a gate: the reward accuracy on held-out pairs is """));
        assertEquals(1, inProduction());
        FileTime trained = Files.getLastModifiedTime(night(2, "train/manifest.json"));
        assertEquals(4, execute("retrain"), "nobody has mended the data");
        assertEquals(trained, Files.getLastModifiedTime(night(2, "train/manifest.json")));
        assertEquals(Set.of("0001", "0002"), nights());

        Files.delete(folder.resolve("pairs/wednesday.jsonl"));
        bring("thursday.jsonl", 12, GOOD, BAD);
        killOnce(night(3, "reference/manifest.json"));
        FileTime scored = Files.getLastModifiedTime(night(3, "reference/manifest.json"));
        assertEquals(1, inProduction());
        assertEquals(0, execute("retrain"), out);
        assertTrue(out.contains("promote   version 2, was version 1\n"), out);
        assertEquals(scored, Files.getLastModifiedTime(night(3, "reference/manifest.json")), "scored again");
        assertEquals(Set.of("monday.jsonl", "thursday.jsonl", "eval.jsonl"), known(2));
        assertEquals(1, registry().version(2).provenance().parent());
        assertEquals(12, counted(3, "data/report.json", "train"), "monday's rows were prepared again");

        assertEquals(0, execute("registry", "rollback"));
        assertEquals(1, inProduction());
        assertEquals(0, execute("retrain"));
        assertTrue(out.contains("promote   nothing: version 2 was taken out of production"), out);
        assertEquals(1, inProduction());

        bring("saturday.jsonl", 12, GOOD, BAD);
        assertEquals(0, execute("retrain"), out);
        assertTrue(out.contains("2 new files; starts from version 1 → "), out);
        assertTrue(out.contains("promote   version 3, was version 1\n"), out);
        assertEquals(Set.of("monday.jsonl", "thursday.jsonl", "saturday.jsonl", "eval.jsonl"), known(3));

        learnAllFromTheBase(4);
        assertEquals(0, execute("rerun", "3"), out);
        assertTrue(out.contains("rerun     the weights are those of version 3 of "), out);
        bring("saturday.jsonl", 13, GOOD, BAD);
        assertEquals(2, execute("rerun", "3"), "what it was made from has changed");

        assertEquals(0, execute("registry", "verify"), out);
        assertTrue(out.contains("4 versions, all as written"), out);
        assertEquals(
                List.of("000001", "000002", "000001", "000003", "000004"),
                mlflow.production().stream()
                        .map(source -> source.replaceAll(".*/versions/", ""))
                        .toList());
    }

    @Test
    void ofTwoNightsOneIsRefused() throws IOException {
        bring("monday.jsonl", 12, GOOD, BAD);
        org.apache.hadoop.fs.Path lease =
                new org.apache.hadoop.fs.Path(folder.resolve("out/lease").toString());
        try (Lease other = Lease.acquire(lease, "retrain", new Configuration())) {
            assertEquals(5, execute("retrain"));
            other.check();
        }
        assertEquals(Set.of(), nights());
    }

    /** A version without parent, of all files, whose scores under the base are there but for the new ones. */
    private void learnAllFromTheBase(int version) throws IOException {
        bring("sunday.jsonl", 4, GOOD, 6);
        assertEquals(0, execute("retrain", "-D", "rpo.retrain.from=base"), out);
        assertEquals(version, inProduction());
        Provenance provenance = registry().version(version).provenance();
        assertEquals(null, provenance.parent());
        assertEquals(folder.resolve("tiny").toString(), provenance.startedFrom());
        assertEquals(
                Set.of("monday.jsonl", "thursday.jsonl", "saturday.jsonl", "sunday.jsonl", "eval.jsonl"),
                known(version));
        var scores = new ObjectMapper()
                .readTree(night(5, "reference/report.json").toFile())
                .path("train");
        assertEquals(40, scores.path("rows").asInt(), scores.toString());
        assertEquals(4, scores.path("computed").asInt(), scores.toString());
    }

    private void bring(String name, int rows, int chosen, int rejected) throws IOException {
        Files.writeString(folder.resolve("pairs").resolve(name), rows(rows, chosen, rejected));
    }

    private static String rows(int rows, int chosen, int rejected) {
        return IntStream.range(0, rows)
                .mapToObj(i -> "{\"prompt_ids\": [1, %d], \"chosen_ids\": [%d, 2], \"rejected_ids\": [%d, 2]}\n"
                        .formatted(3 + i % 10, chosen, rejected))
                .collect(Collectors.joining());
    }

    /** Starts a night as a scheduler does, and kills it once a file of it is there. */
    private void killOnce(Path file) throws IOException, InterruptedException {
        new CommandLineProgram(folder)
                .killOnce(
                        file,
                        "retrain",
                        "--config",
                        folder.resolve("nightly.conf").toString());
        assertFalse(Files.exists(file.resolveSibling("../train/manifest.json")), "it was killed too late");
    }

    private int execute(String... words) {
        List<String> arguments = new ArrayList<>(List.of(words));
        arguments.addAll(List.of("--config", folder.resolve("nightly.conf").toString()));
        Outcome outcome = ProgramHere.run(arguments);
        out = outcome.out();
        return outcome.exitCode();
    }

    private Registry registry() {
        return Registry.open(folder.resolve("models").toString(), "test", new Configuration());
    }

    private int inProduction() {
        return registry().productionNumber().orElse(0);
    }

    /** Names of the files that a version and its parents were trained on. */
    private Set<String> known(int version) {
        return registry().version(version).provenance().data().keySet().stream()
                .map(uri -> uri.substring(uri.lastIndexOf('/') + 1))
                .collect(Collectors.toSet());
    }

    private Set<String> nights() throws IOException {
        Path nights = folder.resolve("out/nights");
        if (!Files.exists(nights)) {
            return Set.of();
        }
        try (Stream<Path> found = Files.list(nights)) {
            return found.map(night -> night.getFileName().toString()).collect(Collectors.toSet());
        }
    }

    private Path night(int number, String file) {
        return folder.resolve("out/nights/000" + number).resolve(file);
    }

    private int counted(int night, String file, String split) throws IOException {
        return new ObjectMapper()
                .readTree(night(night, file).toFile())
                .path(split)
                .path("rows")
                .asInt();
    }
}
