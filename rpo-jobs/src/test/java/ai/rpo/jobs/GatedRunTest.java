package ai.rpo.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that is held by its gates, and let through once they ask for less. */
class GatedRunTest {

    @TempDir
    Path folder;

    private Path run;

    @BeforeEach
    void inputs() throws IOException {
        run = folder.resolve("out");
        TinyRun.inputs(folder, 12, "data.eval-fraction = 0.4");
    }

    @Test
    void gatesHoldARunAndSayWhich() throws IOException {
        assertEquals(2, execute("rpo.gates.min-win-rate-low=0.5"), "nobody judges");
        assertFalse(Files.exists(run.resolve("data")), "what cannot be measured is said before any work");

        assertEquals(4, execute("rpo.gates.min-new-pairs=1000"));
        assertFalse(Files.exists(run.resolve("reference")), "data that are held are not scored");
        assertTrue(Files.readString(run.resolve("report/index.html")).contains("""
                <p class="lead">held by a gate: the number of pairs to train on is """));
        assertEquals(4, status().path("exit_code").asInt());
        assertTrue(status().path("error").asText().contains(" below rpo.gates.min-new-pairs = 1000"));

        assertEquals(4, execute("rpo.gates.min-new-pairs=1", "rpo.gates.max-chosen-logp-drop=-1000"));
        assertTrue(Files.readString(run.resolve("report/index.html")).contains("""
                <p class="lead">held by a gate: what held-out chosen completions lost in log-probability is """));
        assertFalse(Files.exists(run.resolve("report/manifest.json")));
        JsonNode verdict = json("gates/model/results.json").path("gates").path(0);
        assertEquals("max-chosen-logp-drop", verdict.path("gate").asText());
        assertEquals(
                json("eval/metrics.json")
                                .path("reference_logps/chosen")
                                .path("mean")
                                .asDouble()
                        - json("eval/metrics.json")
                                .path("logps/chosen")
                                .path("mean")
                                .asDouble(),
                verdict.path("measured").asDouble());

        Object trained = Files.getLastModifiedTime(run.resolve("train/manifest.json"));
        assertEquals(0, execute("rpo.gates.min-new-pairs=1", "rpo.gates.max-chosen-logp-drop=1000"));
        assertFalse(Files.readString(run.resolve("report/index.html")).contains("held by a gate"));
        assertEquals(trained, Files.getLastModifiedTime(run.resolve("train/manifest.json")), "trained again");

        assertEquals(0, execute());
        assertFalse(Files.readString(run.resolve("report/index.html")).contains("A gate is passed"));
    }

    @Test
    void bothModelsAreAskedWhereABenchmarkIsAGate() throws IOException {
        Files.writeString(folder.resolve("tiny/tokenizer.json"), """
                {"added_tokens": [], "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "[\\\\s\\\\S]"}, "behavior": "Isolated",
                  "invert": false}, "model": {"type": "WordLevel", "vocab": {"?": 0, "q": 1, "a": 5, "b": 4, " ": 6}, "unk_token": "?"}}
                """);
        Files.createDirectory(folder.resolve("tasks"));
        Files.writeString(
                folder.resolve("tasks/openbookqa.jsonl"),
                "{\"question_stem\": \"q\", \"choices\": {\"text\": [\"a\", \"b\"], \"label\": [\"A\", \"B\"]},"
                        + " \"answerKey\": \"B\"}\n");
        String tasks = "rpo.benchmark.tasks=[openbookqa]";
        String data = "rpo.benchmark.data=" + folder.resolve("tasks");
        assertEquals(2, execute("rpo.gates.max-benchmark-drop.openbookqa=0.5"), "nobody asks");

        assertEquals(4, execute(tasks, data, "rpo.gates.max-benchmark-drop.openbookqa=-2"));
        assertNotEquals(answers("before"), answers("after"), "one model was asked twice");
        assertTrue(status().path("error").asText().contains("what was lost on openbookqa is 0, 2 above"));
        assertEquals(0, execute(tasks, data, "rpo.gates.max-benchmark-drop.openbookqa=1"));
    }

    private String answers(String model) throws IOException {
        return Files.readString(run.resolve("benchmarks/" + model + "/samples/openbookqa.jsonl"));
    }

    private int execute(String... definitions) {
        return Main.execute(Stream.concat(
                        Stream.of("run", "--config", folder.resolve("my.conf").toString()),
                        Stream.of(definitions).flatMap(definition -> Stream.of("-D", definition)))
                .toArray(String[]::new));
    }

    private JsonNode status() throws IOException {
        return json("status.json");
    }

    private JsonNode json(String file) throws IOException {
        return new ObjectMapper().readTree(run.resolve(file).toFile());
    }
}
