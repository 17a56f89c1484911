package ai.rpo.spark.benchmark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.benchmark.BenchmarkTask;
import ai.rpo.core.benchmark.TaskScore;
import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.spark.SparkTest;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.prepare.LetterModel;
import ai.rpo.spark.reference.ScoreSettings;
import ai.rpo.spark.train.RandomModel;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SparkTest
class BenchmarkStageTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static SparkSession spark;

    @TempDir
    Path work;

    private LocalModel model;

    /** Random weights; letters a to p are tokens 3 to 18, and whatever else a text has is token 0. */
    @BeforeEach
    void model() throws IOException {
        Path folder = RandomModel.write(work.resolve("model"), 0.5);
        LetterModel.write(folder);
        model = LocalModel.of(folder.toString(), spark.sparkContext().hadoopConfiguration());
    }

    @Test
    void logLikelihoodsAreThoseOfEachContinuationAlone() throws IOException {
        write("openbookqa.jsonl", openBook(9));
        Map<BenchmarkTask, TaskScore> scores = run("out", "digest", settings(false, OptionalInt.of(7), "openbookqa"));

        List<JsonNode> rows = samples("out", "openbookqa");
        assertEquals(7, rows.size());
        assertEquals(7, scores.get(BenchmarkTask.OPENBOOKQA).n());
        double right = 0;
        for (int i = 0; i < rows.size(); i++) {
            JsonNode row = rows.get(i);
            assertEquals(i, row.get("doc").intValue());
            assertEquals(stem(i), row.get("context").textValue());
            double[] expected = alone(stem(i), List.of("ab", "p", "hijk"));
            assertArrayEquals(expected, numbers(row.get("loglikelihoods")), 1e-5);
            int best = IntStream.range(0, 3)
                    .reduce((a, b) -> expected[b] > expected[a] ? b : a)
                    .orElseThrow();
            assertEquals(best == i % 3 ? 1 : 0, row.get("acc").doubleValue());
            right += row.get("acc").doubleValue();
        }
        assertEquals(
                right / 7,
                scores.get(BenchmarkTask.OPENBOOKQA).metrics().get("acc").value(),
                1e-12);
    }

    @Test
    void whereContextsDifferEachHasItsOwn() throws IOException {
        write(
                "winogrande.jsonl",
                List.of("{\"sentence\": \"abc _ def\", \"option1\": \"g\", \"option2\": \"hi\", \"answer\": \"2\"}"));
        run("out", "digest", settings(false, OptionalInt.empty(), "winogrande"));

        JsonNode row = samples("out", "winogrande").get(0);
        assertEquals("[\"abc g\",\"abc hi\"]", row.get("context").toString());
        assertEquals("[\" def\",\" def\"]", row.get("continuations").toString());
        double[] expected = {alone("abc g", List.of("def"))[0], alone("abc hi", List.of("def"))[0]};
        assertArrayEquals(expected, numbers(row.get("loglikelihoods")), 1e-5);
        assertEquals(expected[1] > expected[0] ? 1 : 0, row.get("acc").intValue());
    }

    @Test
    void finishedShardsOutliveAnInterruption() throws IOException {
        write("openbookqa.jsonl", openBook(10));
        BenchmarkSettings settings = settings(false, OptionalInt.empty(), "openbookqa");
        run("out", "digest", settings);
        List<Path> shards = files("out/shards");
        assertTrue(shards.size() > 1);
        String kept = Files.readString(shards.get(1)).replace("\"acc\":0.0", "\"acc\":1.0");
        Files.writeString(shards.get(1), kept);
        String first = Files.readString(shards.get(0));
        Files.delete(shards.get(0));

        run("out", "digest", settings);
        assertEquals(first, Files.readString(shards.get(0)));
        assertEquals(kept, Files.readString(shards.get(1)), "not asked again");
        run("out", "another", settings);
        assertTrue(Files.readString(shards.get(1)).contains("\"acc\":0.0"), "other settings begin anew");
    }

    @Test
    void conversationsNeedATemplate() throws IOException {
        write("openbookqa.jsonl", openBook(1));
        RpoException refused = assertThrows(
                RpoException.class, () -> run("out", "a", settings(true, OptionalInt.empty(), "openbookqa")));
        assertTrue(refused.getMessage().contains("has no chat template"), refused.getMessage());

        Path later = RandomModel.write(work.resolve("later"), 0.4); // an executor keeps the tokenizer of the one above
        LetterModel.write(later);
        model = LocalModel.of(later.toString(), spark.sparkContext().hadoopConfiguration());
        Files.writeString(later.resolve("chat_template.jinja"), "{% for m in messages %}a{{ m.content }}{% endfor %}b");
        run("out", "b", settings(true, OptionalInt.empty(), "openbookqa"));
        JsonNode row = samples("out", "openbookqa").get(0);
        assertEquals("a" + stem(0) + "b", row.get("context").textValue());
        assertEquals("[\"ab\",\"p\",\"hijk\"]", row.get("continuations").toString());
    }

    @Test
    void answersThatDoNotFitAreRefusedBeforeAnyWork() throws IOException {
        write("gsm8k_test.jsonl", List.of("{\"question\": \"a\", \"answer\": \"#### 1\"}"));
        write("gsm8k_train.jsonl", List.of());
        RpoException refused =
                assertThrows(RpoException.class, () -> run("out", "a", settings(false, OptionalInt.empty(), "gsm8k")));
        assertTrue(
                refused.getMessage().contains("answers have up to 256 tokens, and the model's context is 64"),
                refused.getMessage());
    }

    @Test
    void aBrokenRowIsNamed() throws IOException {
        List<String> rows = new ArrayList<>(openBook(3));
        rows.set(1, rows.get(1).replace("answerKey", "key"));
        write("openbookqa.jsonl", rows);
        RpoException refused = assertThrows(
                RpoException.class, () -> run("out", "a", settings(false, OptionalInt.empty(), "openbookqa")));
        assertEquals(RpoException.Kind.DATA, refused.kind());
        assertTrue(
                refused.getMessage().contains("openbookqa.jsonl:2 is no row of it, answerKey is missing"),
                refused.getMessage());
    }

    @Test
    void aLineThatIsNoJsonIsNamed() throws IOException {
        List<String> rows = new ArrayList<>(openBook(3));
        rows.set(2, rows.get(2).substring(0, 30));
        write("openbookqa.jsonl", rows);
        RpoException refused = assertThrows(
                RpoException.class, () -> run("out", "a", settings(false, OptionalInt.of(1), "openbookqa")));
        assertEquals(RpoException.Kind.DATA, refused.kind());
        assertTrue(refused.getMessage().contains("openbookqa.jsonl:3 cannot be read"), refused.getMessage());
    }

    @Test
    void aLimitBeyondTheFileTakesItAll() throws IOException {
        write("openbookqa.jsonl", openBook(3));
        run("out", "a", settings(false, OptionalInt.of(1000), "openbookqa"));
        assertEquals(3, samples("out", "openbookqa").size());
    }

    @Test
    void anUnknownTaskIsAnsweredWithTheNearest() {
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class, () -> settings(false, OptionalInt.empty(), "gsm8k", "arc_esy"));
        assertEquals(
                "tasks must name tasks that there are, but has arc_esy; did you mean arc_easy?", refused.getMessage());
    }

    @Test
    void aMissingFileIsNamedWithWhereItComesFrom() throws IOException {
        RpoException questions = assertThrows(
                RpoException.class, () -> run("out", "a", settings(false, OptionalInt.empty(), "hellaswag")));
        assertTrue(
                questions.getMessage().contains("hellaswag_test.jsonl, hellaswag_test.jsonl.gz, hellaswag.jsonl"),
                questions.getMessage());
        assertTrue(questions.getMessage().contains("hellaswag_val.jsonl of rowanz/hellaswag"));
        write("gsm8k.jsonl", List.of("{\"question\": \"a\", \"answer\": \"#### 1\"}"));
        RpoException examples =
                assertThrows(RpoException.class, () -> run("out", "a", settings(false, OptionalInt.empty(), "gsm8k")));
        assertTrue(examples.getMessage().startsWith("Cannot find the examples of gsm8k"), examples.getMessage());
    }

    private static String stem(int i) {
        return "abcdefg".substring(i % 5);
    }

    private static List<String> openBook(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> "{\"question_stem\": \"" + stem(i)
                        + "\", \"choices\": {\"text\": [\"ab\", \"p\", \"hijk\"], \"label\": [\"A\", \"B\", \"C\"]},"
                        + " \"answerKey\": \"" + "ABC".charAt(i % 3) + "\"}")
                .toList();
    }

    /** By sequences of their own: BOS, the context, a space, the continuation. */
    private double[] alone(String context, List<String> continuations) {
        Backend backend = Backends.create(Precision.FLOAT32, 1);
        Parameters weights =
                Parameters.readOnly(model.open().config(), model.open().weights(), backend);
        try (ReferenceScorer scorer =
                new ReferenceScorer(new Decoder(model.open().config(), backend), weights)) {
            return continuations.stream()
                    .mapToDouble(continuation -> scorer.completionLogps(
                                    List.of(new Example(ids(1, context), List.of(ids(0, continuation)))))[0])
                    .toArray();
        }
    }

    private static int[] ids(int first, String text) {
        return IntStream.concat(IntStream.of(first), text.chars().map(c -> c >= 'a' && c <= 'p' ? c - 'a' + 3 : 0))
                .toArray();
    }

    private static BenchmarkSettings settings(boolean chat, OptionalInt limit, String... tasks) {
        OptionalInt usual = OptionalInt.empty();
        return new BenchmarkSettings(
                List.of(tasks),
                Optional.of("unused"),
                limit,
                new ShotSettings(
                        usual, usual, usual, usual, usual, usual, usual, usual, usual, usual, usual, usual, usual),
                chat,
                false);
    }

    private Map<BenchmarkTask, TaskScore> run(String output, String digest, BenchmarkSettings settings) {
        Map<BenchmarkTask, TaskFiles> files = new EnumMap<>(BenchmarkTask.class);
        for (BenchmarkTask task : settings.chosen()) {
            files.put(
                    task,
                    TaskFiles.of(
                            task,
                            settings.shots().of(task),
                            work.resolve("data").toString(),
                            spark.sparkContext().hadoopConfiguration()));
        }
        return new BenchmarkStage(
                        () -> spark,
                        spark.sparkContext().hadoopConfiguration(),
                        model,
                        TemplateChoice.USUAL,
                        new ScoreSettings(Precision.FLOAT32, 64),
                        settings)
                .run(new org.apache.hadoop.fs.Path(work.resolve(output).toUri()), files, digest, Progress.NONE);
    }

    private void write(String name, List<String> lines) throws IOException {
        Files.write(Files.createDirectories(work.resolve("data")).resolve(name), lines);
    }

    private List<JsonNode> samples(String output, String task) throws IOException {
        List<JsonNode> rows = new ArrayList<>();
        for (String line : Files.readAllLines(work.resolve(output + "/samples/" + task + ".jsonl"))) {
            rows.add(JSON.readTree(line));
        }
        return rows;
    }

    private List<Path> files(String name) throws IOException {
        try (Stream<Path> files = Files.list(work.resolve(name))) {
            return files.sorted().toList();
        }
    }

    private static double[] numbers(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .mapToDouble(JsonNode::doubleValue)
                .toArray();
    }
}
