package ai.rpo.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import ai.rpo.core.model.ModelConfigParser;
import ai.rpo.core.model.ParameterFile;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.jobs.CommandLineProgram.Outcome;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs whole benchmark commands, of a model that can only say one line, which is a program and has a number. */
class BenchmarkCommandTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String LINE = "pass #### 7\n";
    private static final int SAID = 3;
    private static final String CONFIG = """
            {
              "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 4, "hidden_size": 8,
              "intermediate_size": 12, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
              "max_position_embeddings": 2048, "tie_word_embeddings": false, "rms_norm_eps": 1e-05, "eos_token_id": 2
            }
            """;
    private static final String TOKENIZER = """
            {"added_tokens": [{"id": 2, "content": "</s>", "special": true, "single_word": false, "lstrip": false,
              "rstrip": false, "normalized": false}],
             "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "[\\\\s\\\\S]"}, "behavior": "Isolated", "invert": false},
             "decoder": {"type": "Fuse"},
             "model": {"type": "WordLevel", "vocab": {"?": 0, "a": 1, "</s>": 2, "LINE": 3}, "unk_token": "?"}}
            """;

    @TempDir
    Path folder;

    private CommandLineProgram program;

    /** Whatever comes before, the logit of {@link #LINE} is the largest: all inputs are alike, and only its row is not 0. */
    @BeforeEach
    void model() throws IOException {
        program = new CommandLineProgram(folder);
        Path model = Files.createDirectories(folder.resolve("model"));
        Files.writeString(model.resolve("config.json"), CONFIG);
        Files.writeString(model.resolve("tokenizer.json"), TOKENIZER.replace("LINE", LINE.replace("\n", "\\n")));
        ParameterFile.write(
                model.resolve("model.safetensors"),
                ParameterLayout.of(ModelConfigParser.parse(CONFIG, "config.json")),
                (entry, offset, target) -> {
                    for (long i = offset; target.hasRemaining(); i++) {
                        boolean said = !entry.name().equals("lm_head.weight") || i / 8 == SAID;
                        target.put(said ? 1 : 0);
                    }
                });
        Files.createDirectories(folder.resolve("data"));
    }

    @Test
    void answersAreGradedAndProgramsRunOnlyWhereThatIsAllowed() throws Exception {
        write("gsm8k_train", "{\"question\": \"a\", \"answer\": \"a #### 1\"}");
        write(
                "gsm8k_test",
                "{\"question\": \"a\", \"answer\": \"#### 7\"}",
                "{\"question\": \"a\", \"answer\": \"#### 8\"}");
        write("mbpp", mbpp(11, "assert 1"), mbpp(12, "assert f() == 1"));
        write("human_eval", humanEval("return 1"), humanEval("return 2"));
        String[] asked = {
            "benchmark",
            "--master=local[2]",
            "-Drpo.output=out",
            "-Drpo.model.path=model",
            "-Drpo.benchmark.data=data",
            "-Drpo.benchmark.tasks=[gsm8k,mbpp,humaneval]",
            "-Drpo.benchmark.shots={gsm8k=1,mbpp=0}",
            "-Drpo.benchmark.limit=5",
        };

        Outcome refused = program.run(asked);
        assertEquals(2, refused.exitCode(), refused.err());
        assertTrue(refused.err().contains("allow-code-execution must be true for mbpp and humaneval"), refused.err());
        assertFalse(Files.exists(folder.resolve("out")), "nothing is begun");

        Outcome allowed =
                program.run(Stream.concat(Stream.of(asked), Stream.of("-Drpo.benchmark.allow-code-execution=true"))
                        .toArray(String[]::new));
        assumeFalse(allowed.err().startsWith("Cannot run the programs that a model writes"), allowed.err());
        assertEquals(0, allowed.exitCode(), allowed.err());
        JsonNode results = JSON.readTree(Files.readString(folder.resolve("out/benchmark/results.json")));
        for (String metric : List.of("exact_match_strict", "exact_match_flexible")) {
            assertEquals(0.5, results.at("/gsm8k/" + metric).doubleValue(), metric);
        }
        for (String task : List.of("mbpp", "humaneval")) {
            assertEquals(2, results.at("/" + task + "/n").intValue(), task + " has fewer rows than the limit");
            assertEquals(0.5, results.at("/" + task + "/pass_at_1").doubleValue(), task);
        }
        List<JsonNode> samples = samples("mbpp");
        assertEquals(LINE.repeat(256), samples.get(0).get("response").textValue());
        assertEquals(
                "NameError: name 'f' is not defined",
                samples.get(1).get("error").textValue());
    }

    @Test
    @Timeout(180)
    void aKilledCommandPublishesNothingAndIsGoneOnWith() throws Exception {
        String[] rows = IntStream.range(0, 4000)
                .mapToObj(i -> "{\"question_stem\": \"a\", \"choices\": {\"text\": [\"a\", \"b\"],"
                        + " \"label\": [\"A\", \"B\"]}, \"answerKey\": \"A\"}")
                .toArray(String[]::new);
        write("openbookqa", rows);
        String[] asked = {
            "benchmark",
            "--master=local[1]",
            "-Drpo.output=out",
            "-Drpo.model.path=model",
            "-Drpo.benchmark.data=data",
            "-Drpo.benchmark.tasks=[openbookqa]",
        };

        Process killed = program.start(asked);
        try {
            while (killed.isAlive() && shards().isEmpty()) {
                Thread.sleep(5);
            }
        } finally {
            killed.destroyForcibly().waitFor(30, TimeUnit.SECONDS);
        }
        List<Path> left = shards();
        assertTrue(!left.isEmpty() && left.size() < 16, left.size() + " shards are left");
        for (String published : List.of("results.json", "manifest.json", "samples")) {
            assertFalse(Files.exists(folder.resolve("out/benchmark").resolve(published)), published);
        }
        String mark = "\"context\":\"kept\"";
        Files.writeString(left.get(0), Files.readString(left.get(0)).replace("\"context\":\"a\"", mark));

        Outcome again = program.run(asked);
        assertEquals(0, again.exitCode(), again.err());
        List<JsonNode> samples = samples("openbookqa");
        assertEquals(rows.length, samples.size());
        for (int i = 0; i < rows.length; i++) {
            assertEquals(i, samples.get(i).get("doc").intValue());
        }
        assertEquals(
                256,
                samples.stream()
                        .filter(row -> row.get("context").textValue().equals("kept"))
                        .count(),
                "what was finished is not asked again");
        assertTrue(Files.exists(folder.resolve("out/benchmark/manifest.json")));
    }

    private static String mbpp(int id, String test) {
        return "{\"task_id\": " + id
                + ", \"text\": \"a\", \"code\": \"\", \"test_list\": [\"assert 1\", \"assert 1\", \"" + test + "\"]}";
    }

    private static String humanEval(String body) throws IOException {
        return JSON.writeValueAsString(JSON.createObjectNode()
                .put("task_id", "a")
                .put("prompt", "def f():\n    " + body + "\n")
                .put("entry_point", "f")
                .put("canonical_solution", "")
                .put("test", "def check(f):\n    assert f() == 1\n"));
    }

    private void write(String task, String... rows) throws IOException {
        Files.write(folder.resolve("data").resolve(task + ".jsonl"), List.of(rows));
    }

    private List<JsonNode> samples(String task) throws IOException {
        try (Stream<String> lines = Files.lines(folder.resolve("out/benchmark/samples/" + task + ".jsonl"))) {
            return lines.map(BenchmarkCommandTest::parsed).toList();
        }
    }

    private static JsonNode parsed(String line) {
        try {
            return JSON.readTree(line);
        } catch (IOException e) {
            throw new AssertionError(line, e);
        }
    }

    private List<Path> shards() throws IOException {
        Path shards = folder.resolve("out/benchmark/shards");
        if (!Files.isDirectory(shards)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(shards)) {
            return files.filter(file -> file.getFileName().toString().matches("part-\\d+\\.jsonl"))
                    .sorted()
                    .toList();
        }
    }
}
