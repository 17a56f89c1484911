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
import ai.rpo.spark.store.Manifest;
import ai.rpo.spark.store.RunDirectory;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Judging as a stage: what it reads, writes and refuses, alone and at the end of a run. */
class JudgingTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** The demo's own model of letters, with a tokenizer. */
    private static final Path MODEL =
            Path.of("src/main/resources/ai/rpo/jobs/demo/base").toAbsolutePath();

    private static SparkLauncher spark;

    @TempDir
    Path folder;

    private final List<String> events = new ArrayList<>();
    private final List<String> remarks = new ArrayList<>();

    @BeforeAll
    static void start() {
        spark = new SparkLauncher("test", Optional.of("local[2]"), Map.of("spark.sql.shuffle.partitions", "2"));
    }

    @AfterAll
    static void stop() {
        spark.close();
    }

    @Test
    void countsJudgmentsMadeElsewhere() throws IOException {
        Files.writeString(folder.resolve("pair.jsonl"), fastChat(81, "A", "B") + fastChat(82, "A", "A"));

        make(Stages::judge, "rpo.judge.annotations=" + folder.resolve("pair.jsonl"));

        JsonNode results = results();
        assertEquals("mt-bench-pair", results.get("protocol").asText());
        JsonNode comparison = results.get("comparisons").get(0);
        assertEquals("new", comparison.get("model").asText());
        assertEquals(25, comparison.get("adjusted_win_rate").asDouble(), "a loss, and a tie of two games");
        assertEquals(
                2, Files.readAllLines(folder.resolve("out/judge/judgments")).size());
        String page = Files.readString(folder.resolve("out/judge/index.html"));
        assertTrue(page.contains("new against old"), page);
        assertTrue(
                remarks.get(0).startsWith("new against old: preferred in 25.0 % of 2 judgments"), remarks.toString());

        events.clear();
        make(Stages::judge, "rpo.judge.annotations=" + folder.resolve("pair.jsonl"));
        assertEquals(List.of("reuse judge"), events);
    }

    @Test
    void aProgramGradesCandidates() throws IOException {
        write("a.jsonl", 4, i -> row("What is " + i + "?", "It is " + i));
        write(
                "b.jsonl",
                4,
                i -> row(
                        "What is " + i + "?",
                        List.of("", "It is 7", "It is 7", "It is 3").get(i)));
        write("q.jsonl", 4, i -> JSON.createObjectNode()
                .put("prompt", "What is " + i + "?")
                .put("reference", "" + i));

        make(
                Stages::judge,
                "rpo.judge.candidates={a=" + folder.resolve("a.jsonl") + ", b=" + folder.resolve("b.jsonl") + "}",
                "rpo.judge.baseline=b",
                "rpo.judge.questions=" + folder.resolve("q.jsonl"),
                "rpo.judge.protocol=program-pair",
                "rpo.judge.by=program",
                "rpo.judge.program.verifier=number");

        JsonNode comparison = results().get("comparisons").get(0);
        assertEquals(3, comparison.get("wins").asInt());
        assertEquals(1, comparison.get("ties").asInt());
        assertEquals(87.5, comparison.get("adjusted_win_rate").asDouble());
        assertEquals(0, comparison.get("empty_answers").asInt());
        assertEquals(1, comparison.get("baseline_empty_answers").asInt());
        assertTrue(remarks.get(0).endsWith("0 lost, 1 answer of b empty"), remarks.toString());
    }

    /** The first run writes requests; whoever carries them to a server and back runs it again. */
    @Test
    void aBatchIsWrittenAndReadBack() throws IOException {
        write("a.jsonl", 12, i -> row("q" + i, "a".repeat(1 + i)));
        write("b.jsonl", 12, i -> row("q" + i, "b".repeat(15 - i)));
        String[] definitions = {
            "rpo.judge.candidates={a=" + folder.resolve("a.jsonl") + ", b=" + folder.resolve("b.jsonl") + "}",
            "rpo.judge.baseline=b",
            "rpo.judge.protocol=alpaca-eval-2",
            "rpo.judge.by=batch",
            "rpo.judge.batch.model=gpt-x"
        };
        RpoException waits = assertThrows(RpoException.class, () -> make(Stages::judge, definitions));
        assertEquals(RpoException.Kind.RETRYABLE, waits.kind());

        List<String> answers = new ArrayList<>();
        try (Stream<Path> files = Files.walk(folder.resolve("out/requests"))) {
            for (Path file :
                    files.filter(name -> name.toString().endsWith(".jsonl")).toList()) {
                for (String request : Files.readAllLines(file)) {
                    answers.add(label(JSON.readTree(request).get("custom_id").asText()));
                }
            }
        }
        assertEquals(12, answers.size());
        Files.write(folder.resolve("results.jsonl"), answers);
        make(
                Stages::judge,
                Stream.concat(
                                Stream.of(definitions),
                                Stream.of("rpo.judge.batch.results=" + folder.resolve("results.jsonl")))
                        .toArray(String[]::new));

        JsonNode comparison = results().get("comparisons").get(0);
        assertEquals(12, comparison.get("n").asInt());
        assertEquals("gpt-x", results().get("judge").asText());
        assertTrue(comparison.get("length_controlled_win_rate").isNumber());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "rpo.judge.by=none | Cannot judge: rpo.judge.by is none, and there are answers to be judged.",
                "rpo.judge.by=endpoint | Cannot judge: rpo.judge.endpoint.url has no value.",
                "rpo.judge.by=batch | Cannot judge: rpo.judge.batch.model has no value.",
                "rpo.judge.by=model | Cannot judge: rpo.judge.model.path has no value.",
                "rpo.judge.protocol=null | Cannot judge: rpo.judge.protocol has no value.",
                "rpo.judge.by=null | Cannot judge: rpo.judge.by has no value.",
                "rpo.judge.protocol=template | Cannot ask a judge with the protocol template: rpo.judge.template.user",
                "rpo.judge.annotations=x.json | Cannot judge: both rpo.judge.candidates and rpo.judge.annotations"
            })
    void whatCannotBeJudgedIsSaidBeforeAnythingIsMade(String wrong, String message) {
        RpoException refused = assertThrows(
                RpoException.class,
                () -> make(
                        Stages::judge,
                        "rpo.judge.candidates={a=a.jsonl, b=b.jsonl}",
                        "rpo.judge.protocol=rpo-paper",
                        "rpo.judge.by=program",
                        wrong));
        assertEquals(RpoException.Kind.CONFIGURATION, refused.kind());
        assertTrue(refused.getMessage().startsWith(message), refused.getMessage());
        assertFalse(Files.exists(folder.resolve("out/judge")));
    }

    /** Trained on nothing but a, the model answers more a. */
    @Test
    void aRunHasItsModelJudgedAndItsReportSaysSo() throws IOException {
        String letters = "abcdefghijklmnop";
        write("pairs.jsonl", 40, i -> {
            String prompt = letters.charAt(i % 16) + "" + letters.charAt(i / 16) + "pack=";
            return JSON.createObjectNode()
                    .put("prompt", prompt)
                    .put("chosen", "aaaa")
                    .put("rejected", letters.substring(1 + i % 12, 5 + i % 12));
        });
        String[] definitions = {
            "rpo.model.path=" + MODEL,
            "rpo.data.train=" + folder.resolve("pairs.jsonl"),
            "rpo.data.eval-fraction=0.4",
            "rpo.train.pairs-per-batch=4",
            "rpo.train.epochs=3",
            "rpo.train.learning-rate=3e-3",
            "rpo.generate.max-new-tokens=8",
            "rpo.generate.temperature=0",
            "rpo.evaluate.judge=true",
            "rpo.evaluate.prompts-at-most=9",
            "rpo.judge.protocol=program-pair",
            "rpo.judge.by=program",
            "rpo.judge.program.verifier=regular-expression",
            "rpo.judge.program.pattern=aaa"
        };

        make(Stages::report, definitions);

        List<String> questions = Files.readAllLines(folder.resolve("out/questions/prompts.jsonl"));
        assertEquals(9, questions.size());
        JsonNode comparison = results().get("comparisons").get(0);
        assertEquals("aligned", comparison.get("model").asText());
        assertEquals("reference", comparison.get("baseline").asText());
        assertEquals(9, comparison.get("n").asInt());
        assertTrue(comparison.get("wins").asInt() > 0, comparison.toString());
        String page = Files.readString(folder.resolve("out/report/index.html"));
        assertTrue(page.contains("<p class=\"lead\">aligned preferred to reference: "), page.substring(0, 9000));

        events.clear();
        make(Stages::report, definitions);
        assertEquals(List.of("reuse report"), events);

        events.clear();
        definitions[12] = "rpo.judge.program.verifier=exact-match";
        RpoException refused = assertThrows(RpoException.class, () -> make(Stages::report, definitions));
        assertTrue(refused.getMessage().contains("(judge/)"), refused.getMessage());
        assertFalse(refused.getMessage().contains("report/"), "a page is drawn again unasked");
    }

    private void make(Function<Stages, Stage> target, String... definitions) {
        ResolvedConfiguration configuration = ResolvedConfiguration.load(
                ConfigurationSources.of(
                        Optional.empty(),
                        Stream.concat(Stream.of("rpo.output=" + folder.resolve("out")), Stream.of(definitions))
                                .toList()),
                List.of());
        RunDirectory run = new RunDirectory(
                new org.apache.hadoop.fs.Path(folder.resolve("out").toString()), spark.hadoop());
        Stages stages = new Stages(configuration, run, spark, remarks::add);
        Pipeline pipeline = new Pipeline(run, false, "1");
        pipeline.execute(pipeline.plan(target.apply(stages)), Progress.NONE, new Pipeline.Listener() {
            @Override
            public void reused(Stage stage, Manifest manifest) {
                events.add("reuse " + stage.name());
            }

            @Override
            public void skipped(Stage stage) {
                events.add("skip " + stage.name());
            }

            @Override
            public void started(Stage stage) {
                events.add("make " + stage.name());
            }

            @Override
            public void finished(Stage stage, Map<String, Long> counts, Duration took) {
                // Said when it began.
            }
        });
    }

    private JsonNode results() throws IOException {
        return JSON.readTree(Files.readString(folder.resolve("out/judge/results.json")));
    }

    private void write(String name, int rows, Function<Integer, ObjectNode> row) throws IOException {
        Files.writeString(
                folder.resolve(name),
                IntStream.range(0, rows).mapToObj(i -> row.apply(i) + "\n").collect(Collectors.joining()));
    }

    private static ObjectNode row(String prompt, String completion) {
        return JSON.createObjectNode().put("prompt", prompt).put("completion", completion);
    }

    /** @param second the verdict of the game with the answers swapped */
    private static String fastChat(int question, String first, String second) {
        return JSON.createObjectNode()
                        .put("question_id", question)
                        .put("model_1", "old")
                        .put("model_2", "new")
                        .put("turn", 1)
                        .put("g1_winner", "tie")
                        .put("g2_winner", "tie")
                        .put("g1_judgment", "So [[" + first + "]]")
                        .put("g2_judgment", "So [[" + second + "]]")
                + "\n";
    }

    private static String label(String id) {
        return """
                {"id": "r", "custom_id": "%s", "error": null, "response": {"status_code": 200, "request_id": "x", "body":
                 {"id": "c", "object": "chat.completion", "created": 1, "model": "gpt-x", "choices": [{"index": 0,
                 "finish_reason": "length", "message": {"role": "assistant", "content": "m"}, "logprobs": {"content": [
                 {"token": "m", "logprob": -0.3, "top_logprobs": [{"token": "m", "logprob": -0.3},
                 {"token": "M", "logprob": -1.4}]}]}}]}}}""".formatted(id).replace("\n", "");
    }
}
