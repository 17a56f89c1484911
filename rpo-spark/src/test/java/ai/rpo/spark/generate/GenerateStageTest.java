package ai.rpo.spark.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.generate.SamplingSettings;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.spark.LocalSpark;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.generate.GenerateSettings.OutputFormat;
import ai.rpo.spark.prepare.LetterModel;
import ai.rpo.spark.store.ArtifactDirectory;
import ai.rpo.spark.store.Fence;
import ai.rpo.spark.train.RandomModel;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LocalSpark.class)
class GenerateStageTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static SparkSession spark;

    @TempDir
    Path work;

    private LocalModel model;

    @BeforeAll
    static void start(SparkSession session) {
        spark = session;
    }

    /** Random weights over letters a to p: of a tokenizer with all 26, the model knows those. */
    @BeforeEach
    void model() throws IOException {
        Path folder = RandomModel.write(work.resolve("model"), 0.5);
        LetterModel.write(folder);
        Files.writeString(folder.resolve("chat_template.jinja"), "{% for m in messages %}{{ m.content }}{% endfor %}");
        model = LocalModel.of(folder.toString(), spark.sparkContext().hadoopConfiguration());
    }

    @Test
    void aPromptsCompletionsDependOnItsContentAlone() throws IOException {
        List<String> prompts = IntStream.range(0, 40)
                .mapToObj(i -> "abcdefghijklmnop".substring(i % 13, i % 13 + 1 + i % 3) + "ab".repeat(i))
                .filter(prompt -> prompt.length() < 60)
                .toList();
        Map<String, List<String>> expected = null;
        for (int way = 0; way < 3; way++) {
            List<String> order = new ArrayList<>(prompts);
            Collections.shuffle(order, new Random(way));
            write(
                    "in" + way + "/a.jsonl",
                    order.subList(0, 7 * way).stream().map(p -> text(p)).toList());
            write(
                    "in" + way + "/b.jsonl",
                    order.subList(7 * way, order.size()).stream()
                            .map(p -> text(p))
                            .toList());
            run(settings("in" + way, 1 + 4 * way, 2), "out" + way, "digest");
            List<JsonNode> rows = completions("out" + way);
            assertEquals(2 * prompts.size(), rows.size());
            Map<String, List<String>> found = new HashMap<>();
            for (int i = 0; i < rows.size(); i++) {
                JsonNode row = rows.get(i);
                assertEquals(order.get(i / 2), row.get("prompt").textValue());
                assertEquals(i / 2, row.get("ordinal").intValue());
                assertEquals(i % 2, row.get("sample").intValue());
                found.computeIfAbsent(row.get("prompt").textValue(), p -> new ArrayList<>())
                        .add(row.get("completion_ids").toString());
            }
            expected = expected == null ? found : expected;
            assertEquals(expected, found);
        }
        assertTrue(expected.values().stream().anyMatch(two -> !two.get(0).equals(two.get(1))));
    }

    @Test
    void finishedShardsOutliveAnInterruption() throws IOException {
        List<String> prompts = IntStream.range(0, 30)
                .mapToObj(i -> text("abc".substring(i % 3)))
                .toList();
        write("in.jsonl", prompts);
        run(settings("in.jsonl", 4, 1), "out", "digest");
        List<Path> shards = shards("out");
        assertTrue(shards.size() > 1);
        String lost = Files.readString(shards.get(0));
        Files.delete(shards.get(0));
        String kept = Files.readString(shards.get(1)).replace("\"seed\"", "\"kept\":1,\"seed\"");
        Files.writeString(shards.get(1), kept);

        GenerateStage.Result result = run(settings("in.jsonl", 4, 1), "out", "digest");
        assertEquals(30, result.completions());
        assertEquals(lost, Files.readString(shards.get(0)));
        assertEquals(kept, Files.readString(shards.get(1)));

        run(settings("in.jsonl", 4, 1), "out", "another digest");
        assertFalse(Files.readString(shards.get(1)).contains("kept"));
    }

    @Test
    void rowsWithoutAPromptAreKeptWithTheReason() throws IOException {
        write(
                "in.jsonl",
                List.of(
                        text("abc"),
                        "{\"question\": \"abc\"}",
                        "{\"prompt\": null}",
                        text("a".repeat(64)),
                        "{\"prompt\": [{\"role\": \"user\", \"content\": \"dd\"}], \"chosen\": \"x\"}",
                        "{\"prompt_ids\": [1, 4, 5]}",
                        "{\"prompt_ids\": [1, 19]}",
                        "{\"messages\": [{\"role\": \"user\", \"content\": \"ee\"}, {\"role\": \"assistant\", \"content\": \"f\"}]}",
                        "not JSON"));
        GenerateStage.Result result = run(settings("in.jsonl", 4, 1), "out", "digest");
        assertEquals(9, result.prompts());
        assertEquals(4, result.completions());
        assertEquals(
                Map.of("missing-field", 2L, "prompt-too-long", 1L, "token-out-of-range", 1L, "malformed-json", 1L),
                result.rejected());
        List<JsonNode> completions = completions("out");
        assertEquals(
                List.of("[1,3,4,5]", "[6,6]", "[1,4,5]", "[7,7]"),
                completions.stream()
                        .map(row -> row.get("prompt_ids").toString())
                        .toList());
        assertEquals(
                "dd", completions.get(1).get("prompt").get(0).get("content").textValue());
        List<Integer> lines = new ArrayList<>();
        for (JsonNode row : rows(work.resolve("out/rejected"))) {
            assertTrue(row.get("file").textValue().endsWith("in.jsonl"));
            lines.add(row.get("line").intValue());
        }
        assertEquals(List.of(2, 3, 4, 7, 9), lines.stream().sorted().toList());
    }

    @Test
    void aSetWithoutPromptsIsRefused() throws IOException {
        write("in.jsonl", List.of("{\"question\": \"abc\"}"));
        RpoException e = assertThrows(RpoException.class, () -> run(settings("in.jsonl", 4, 1), "out", "digest"));
        assertEquals(RpoException.Kind.DATA, e.kind());
        assertTrue(e.getMessage().startsWith("Cannot generate: none of 1 rows of "), e.getMessage());
        assertTrue(e.getMessage().contains("(1 × missing-field)"), e.getMessage());
        assertFalse(Files.exists(work.resolve("out")), "something is in the way of better prompts");
    }

    @Test
    void parquetHoldsWhatTheLinesHold() throws IOException {
        write(
                "in.jsonl",
                List.of(text("abc"), text("bcd"), "{\"messages\": [{\"role\": \"user\", \"content\": \"ee\"}]}"));
        run(settings("in.jsonl", 4, 2), "lines", "digest");
        GenerateSettings parquet = new GenerateSettings(
                List.of(work.resolve("in.jsonl").toString()),
                OutputFormat.PARQUET,
                2,
                7,
                4,
                List.of(),
                Map.of(),
                sampling());
        run(parquet, "parquet", "digest");
        List<Row> rows = spark.read()
                .parquet(work.resolve("parquet/completions").toString())
                .collectAsList();
        List<JsonNode> lines = completions("lines");
        assertEquals(6, rows.size());
        for (int i = 0; i < 6; i++) {
            assertEquals(lines.get(i).get("seed").longValue(), rows.get(i).<Long>getAs("seed"));
            assertEquals(lines.get(i).get("completion").textValue(), rows.get(i).getAs("completion"));
            assertEquals(
                    lines.get(i).get("completion_ids").size(),
                    rows.get(i)
                            .getList(rows.get(i).fieldIndex("completion_ids"))
                            .size());
        }
        assertTrue(Files.exists(work.resolve("parquet/shards")), "until the output is published");
    }

    @Test
    void stopTextsEndCompletionsAndAreLeftOut() throws IOException {
        write(
                "in.jsonl",
                IntStream.range(0, 20)
                        .mapToObj(i -> text("abc" + "a".repeat(i)))
                        .toList());
        run(settings("in.jsonl", 4, 1), "free", "digest");
        GenerateSettings stopping = new GenerateSettings(
                List.of(work.resolve("in.jsonl").toString()),
                OutputFormat.JSONL,
                1,
                7,
                4,
                List.of("b", "fg", "a"),
                Map.of(),
                sampling());
        GenerateStage.Result result = run(stopping, "stopped", "digest");
        assertTrue(result.finishReasons().get("stop") > 0);
        List<JsonNode> free = completions("free");
        List<JsonNode> stopped = completions("stopped");
        for (int i = 0; i < free.size(); i++) {
            String before = free.get(i).get("completion").textValue().split("fg|a|b", 2)[0];
            boolean cut = !before.equals(free.get(i).get("completion").textValue());
            assertEquals(before, stopped.get(i).get("completion").textValue());
            assertEquals(cut, stopped.get(i).get("finish_reason").textValue().equals("stop"));
        }
    }

    @Test
    void stopTextsNeedATokenizer() throws IOException {
        Path bare = RandomModel.write(work.resolve("bare"), 0.5);
        model = LocalModel.of(bare.toString(), spark.sparkContext().hadoopConfiguration());
        write("in.jsonl", List.of("{\"prompt_ids\": [1, 4, 5]}"));
        assertEquals(1, run(settings("in.jsonl", 4, 1), "out", "digest").completions());
        assertFalse(completions("out").get(0).has("completion"));
        GenerateSettings stopping = new GenerateSettings(
                List.of(work.resolve("in.jsonl").toString()),
                OutputFormat.JSONL,
                1,
                7,
                4,
                List.of("b"),
                Map.of(),
                sampling());
        assertTrue(assertThrows(RpoException.class, () -> run(stopping, "stopped", "digest"))
                .getMessage()
                .startsWith("Cannot stop at texts: the model "));
    }

    /** Each turn is what the model says to a conversation in which its own answers stand. */
    @Test
    void conversationsOfSeveralTurnsHoldTheModelsOwnAnswers() throws IOException {
        write("in.jsonl", List.of(turns(81, "x", "abc", "de", "f"), turns(82, "y", "abc", "ab"), text("abc")));
        GenerateSettings settings = greedyFor("x", "in.jsonl");
        GenerateStage.Result result = run(settings, "out", "digest");
        assertEquals(6, result.completions());
        List<JsonNode> rows = completions("out");
        assertEquals(81, rows.get(0).get("question_id").intValue());
        assertEquals("x", rows.get(0).get("category").textValue());
        JsonNode answers = rows.get(0).get("choices").get(0).get("turns");
        assertEquals(3, answers.size());
        assertEquals(3, rows.get(0).get("finish_reasons").size());

        String said = "abc" + answers.get(0).textValue() + "de";
        write(
                "second.jsonl",
                List.of("{\"category\": \"x\", \"prompt\": [{\"role\": \"user\", \"content\": \"" + said + "\"}]}"));
        run(greedyFor("x", "second.jsonl"), "second", "digest");
        assertEquals(
                answers.get(1).textValue(),
                completions("second").get(0).get("completion").textValue());
        long tokens = rows.get(0).get("new_tokens").longValue()
                + rows.get(1).get("new_tokens").longValue()
                + rows.get(2).get("completion_ids").size();
        assertEquals(tokens, result.tokens());

        List<Path> shards = shards("out");
        String lost = Files.readString(shards.get(0));
        Files.delete(shards.get(0));
        run(settings, "out", "digest");
        assertEquals(lost, Files.readString(shards.get(0)), "a sampled conversation is the same again");

        GenerateSettings parquet = new GenerateSettings(
                settings.prompts(), OutputFormat.PARQUET, 1, 7, 4, List.of(), settings.temperatures(), sampling());
        run(parquet, "parquet", "digest");
        Row first = spark.read()
                .parquet(work.resolve("parquet/completions").toString())
                .first();
        assertEquals(
                answers.get(2).textValue(),
                first.<Row>getList(first.fieldIndex("choices"))
                        .get(0)
                        .getList(1)
                        .get(2));
    }

    @Test
    void aConversationThatOutgrowsTheContextIsNoResult() throws IOException {
        write("in.jsonl", List.of(turns(81, "x", "abc", "a".repeat(60)), turns(82, "x", "abc", "ab")));
        GenerateStage.Result result = run(greedyFor("x", "in.jsonl"), "out", "digest");
        assertEquals(Map.of("prompt-too-long", 1L), result.rejected());
        assertEquals(
                List.of(82),
                completions("out").stream()
                        .map(row -> row.get("question_id").intValue())
                        .toList());
    }

    private GenerateSettings greedyFor(String category, String prompts) {
        return new GenerateSettings(
                List.of(work.resolve(prompts).toString()),
                OutputFormat.JSONL,
                1,
                7,
                4,
                List.of(),
                Map.of(category, "0"),
                sampling());
    }

    private static String turns(int id, String category, String... turns) {
        return "{\"question_id\": " + id + ", \"category\": \"" + category + "\", \"turns\": [\""
                + String.join("\", \"", turns) + "\"]}";
    }

    private static SamplingSettings sampling() {
        return SamplingSettings.atTemperature(1, 12);
    }

    private GenerateSettings settings(String prompts, int atOnce, int samples) {
        return new GenerateSettings(
                List.of(work.resolve(prompts).toString()),
                OutputFormat.JSONL,
                samples,
                7,
                atOnce,
                List.of(),
                Map.of(),
                sampling());
    }

    private GenerateStage.Result run(GenerateSettings settings, String output, String digest) {
        ArtifactDirectory artifact = new ArtifactDirectory(
                new org.apache.hadoop.fs.Path(work.resolve(output).toString()),
                Fence.NONE,
                spark.sparkContext().hadoopConfiguration());
        return new GenerateStage(spark, model, TemplateChoice.USUAL, PromptSource.USUAL, Precision.FLOAT32, settings)
                .run(artifact, digest, Progress.NONE);
    }

    private static String text(String prompt) {
        return "{\"prompt\": \"" + prompt + "\"}";
    }

    private void write(String file, List<String> lines) throws IOException {
        Path path = work.resolve(file);
        Files.createDirectories(path.getParent());
        Files.write(path, lines);
    }

    private List<Path> shards(String output) throws IOException {
        try (Stream<Path> files = Files.list(work.resolve(output + "/completions"))) {
            return files.filter(file -> file.toString().endsWith(".jsonl"))
                    .sorted()
                    .toList();
        }
    }

    private List<JsonNode> completions(String output) throws IOException {
        return rows(work.resolve(output + "/completions"));
    }

    private static List<JsonNode> rows(Path folder) throws IOException {
        List<JsonNode> rows = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file :
                    files.filter(f -> f.toString().endsWith(".jsonl")).sorted().toList()) {
                for (String line : Files.readAllLines(file)) {
                    rows.add(JSON.readTree(line));
                }
            }
        }
        return rows;
    }
}
