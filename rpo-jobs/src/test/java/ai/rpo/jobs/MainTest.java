package ai.rpo.jobs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.jobs.CommandLineProgram.Outcome;
import ai.rpo.jobs.launch.ProgramVersion;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole program as its users meet it: arguments in, files, words and an exit code out. */
class MainTest {

    private static final Path MODEL = Path.of("../rpo-core/src/test/resources/families/llama");

    @TempDir
    Path folder;

    private CommandLineProgram program;

    @BeforeEach
    void inputs() throws IOException {
        program = new CommandLineProgram(folder);
        Path model = Files.createDirectory(folder.resolve("tiny"));
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(MODEL.resolve(name), model.resolve(name));
        }
        Files.writeString(
                folder.resolve("pairs.jsonl"),
                rows("{\"prompt_ids\": [1, %d], \"chosen_ids\": [%d, 2], \"rejected_ids\": [%d, 2]}")
                        .collect(Collectors.joining()));
        Files.writeString(
                folder.resolve("sft.jsonl"),
                rows("{\"prompt_ids\": [1, %d], \"completion_ids\": [%d, %d, 2]}")
                        .collect(Collectors.joining()));
        Files.writeString(folder.resolve("my.conf"), """
                rpo {
                  output = out
                  model.path = tiny
                  data { train = pairs.jsonl, eval-fraction = 0.3 }
                  train { pairs-per-batch = 4, learning-rate = 1e-2 }
                  sft { data = sft.jsonl, pairs-per-batch = 4 }
                }
                spark.ui.enabled = false
                """);
    }

    @Test
    void aRunLeavesAModelAndIsNotRepeated() throws Exception {
        Outcome first = program.run("run", "--config", "my.conf", "--master", "local[2]");

        assertEquals("", first.err());
        assertEquals(0, first.exitCode());
        assertEquals(
                List.of("prepare", "score", "train", "evaluate", "report"),
                first.out().lines().map(line -> line.split(" ")[0]).toList());
        assertEquals("succeeded", status().get("state").asText());
        for (String file : List.of(
                "resolved.conf",
                "rpo.log",
                "data/manifest.json",
                "reference/report.json",
                "train/metrics.jsonl",
                "model/model.safetensors",
                "eval/metrics.json",
                "report/index.html")) {
            assertTrue(Files.exists(folder.resolve("out/" + file)), file);
        }
        assertTrue(Files.readString(folder.resolve("out/rpo.log")).contains("SparkContext"));

        Outcome second = program.run("train", "--config", "out/resolved.conf");
        assertEquals(0, second.exitCode(), second.err());
        assertTrue(second.out().startsWith("train     reused, made "), second.out());

        Outcome otherLimit = program.run("score", "--config", "my.conf", "-Drpo.data.max-rejected-fraction=0.9");
        assertTrue(otherLimit.out().startsWith("score     reused, made "), otherLimit.err());

        byte[] model = Files.readAllBytes(folder.resolve("out/model/model.safetensors"));
        Outcome changed =
                program.run(Map.of("CONFIG_FORCE_rpo_train_learning__rate", "0.02"), "evaluate", "--config", "my.conf");
        assertEquals(2, changed.exitCode());
        assertEquals("""
                Cannot write to out: it holds results of other settings. Choose another rpo.output, or set \
                rpo.overwrite = true to replace them.
                  rpo.train.learning-rate was 0.01 and is 0.02 (train/, eval/)
                """, changed.err());
        assertEquals("failed", status().get("state").asText());
        assertEquals(2, status().get("exit_code").asInt());
        assertArrayEquals(model, Files.readAllBytes(folder.resolve("out/model/model.safetensors")));
        assertTrue(Files.readString(folder.resolve("out/resolved.conf")).contains("learning-rate = 0.01"));
    }

    @Test
    void supervisedRowsTrainAModel() throws Exception {
        Outcome outcome = program.run("sft", "--config", "my.conf", "-D", "rpo.output=start");

        assertEquals(0, outcome.exitCode(), outcome.err());
        assertTrue(Files.exists(folder.resolve("start/model/model.safetensors")));

        Outcome validated = program.run("validate", "--config", "my.conf", "-Drpo.model.path=start/model");
        assertEquals(0, validated.exitCode(), validated.err());
        assertTrue(validated.out().contains("model       start/model: llama, "), validated.out());
        assertTrue(
                validated.out().contains("\neta         where policy and reference agree, the supervised term has "),
                validated.out());
        assertTrue(validated.out().contains("\nreport      would be made, "), validated.out());
        assertFalse(Files.exists(folder.resolve("out")), "validate writes nothing");
    }

    @Test
    void rowsThatAreNotFitEndWithTheirPlaceAndExitCodeThree() throws Exception {
        Files.writeString(folder.resolve("pairs.jsonl"), "{\"prompt_ids\": [1], \"chosen_ids\": []}\nnonsense\n");

        Outcome outcome = program.run("prepare", "--config", "my.conf");

        assertEquals(3, outcome.exitCode());
        assertTrue(outcome.err().contains("pairs.jsonl:2"), outcome.err());
        assertFalse(outcome.err().contains("\tat "), outcome.err());
        assertEquals(3, status().get("exit_code").asInt());
        assertFalse(Files.exists(folder.resolve("out/data/manifest.json")));
    }

    @Test
    void mistakesOnTheCommandLineTakeOneLineAndExitCodeTwo() throws Exception {
        assertEquals(new Outcome(0, "rpo " + ProgramVersion.get() + "\n", ""), program.run("--version"));

        Outcome unknown = program.run("trian");
        assertEquals(2, unknown.exitCode());
        assertTrue(unknown.err().contains("Did you mean: ") && unknown.err().contains("rpo train"), unknown.err());

        Outcome missing = program.run("train", "--config", "none.conf");
        assertEquals(
                new Outcome(2, "", "Cannot read the configuration none.conf: there is no such file. Check the path.\n"),
                missing);

        Outcome noModel = program.run("score", "--config", "my.conf", "-D", "rpo.model.path=nowhere");
        assertEquals(2, noModel.exitCode());
        assertTrue(noModel.err().startsWith("Cannot open the model nowhere: "), noModel.err());
        assertEquals(1, noModel.err().lines().count(), noModel.err());
    }

    private JsonNode status() throws IOException {
        return new ObjectMapper().readTree(folder.resolve("out/status.json").toFile());
    }

    private static Stream<String> rows(String template) {
        return IntStream.range(0, 12)
                .mapToObj(i -> template.formatted(3 + i % 10, 3 + (i + 1) % 10, 3 + (i + 2) % 10) + "\n");
    }
}
