package ai.rpo.core.benchmark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.SharedModels;
import ai.rpo.core.benchmark.BenchmarkTask.Generation;
import ai.rpo.core.benchmark.Questions.Located;
import ai.rpo.core.benchmark.Solution.Choices;
import ai.rpo.core.benchmark.Solution.FinalNumber;
import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.MicroBatches;
import ai.rpo.core.decoder.PackedBatch;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.generate.Completion;
import ai.rpo.core.generate.CompletionText;
import ai.rpo.core.generate.Generator;
import ai.rpo.core.generate.Generator.Request;
import ai.rpo.core.generate.SamplingSettings;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.score.ContinuationExamples;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Workspace;
import ai.rpo.core.text.ContextTokenizer;
import ai.rpo.core.text.Tokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Real tasks under a real model, held against what lm-evaluation-harness got. */
@Tag("shared")
class BenchmarkSharedTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path SHARED = Path.of(System.getProperty("rpo.shared"));
    private static final Path DATA = SHARED.resolve("eval/benchmarks");
    private static final int ROWS_PER_BATCH = 2048;
    private static final int ASKED = 64; // of ARC's questions
    private static final int EVERY = 2; // of GSM8K's prompts is answered

    private static ModelDirectory model;
    private static Tokenizer tokenizer;
    private static Decoder decoder;
    private static Parameters weights;

    @BeforeAll
    static void open() throws Exception {
        model = ModelDirectory.open(SharedModels.smollm2());
        tokenizer = Tokenizer.open(model.folder());
        Backend backend = Backends.create(Precision.FLOAT32, 2);
        decoder = new Decoder(model.config(), backend);
        weights = Parameters.readOnly(model.config(), model.weights(), backend);
    }

    @AfterAll
    static void close() {
        tokenizer.close();
    }

    @Test
    void logLikelihoodsOfArcEasy() throws Exception {
        JsonNode golden = golden("smollm2_arc_easy.json");
        JsonNode rows = golden.get("rows");
        List<Question> questions = new Questions(BenchmarkTask.ARC_EASY, 0, OptionalInt.of(rows.size()))
                .of(rows("arc_easy.jsonl"), List.of());
        assertEquals(rows.size(), questions.size());
        List<Example> examples = new ArrayList<>();
        for (int i = 0; i < ASKED; i++) {
            Question question = questions.get(i);
            assertEquals(rows.get(i).get("context").asText(), question.prompt(0).text());
            assertEquals(texts(rows.get(i).get("continuations")), question.continuations(false));
            examples.addAll(ContinuationExamples.of(
                    new ContextTokenizer(tokenizer)
                            .of(question.prompt(0).text())
                            .with(question.continuations(false)),
                    model.config().contextLength()));
        }
        assertEquals(ASKED, examples.size(), "one for each question");

        List<TaskScore.Graded> graded = new ArrayList<>();
        try (ReferenceScorer scorer = new ReferenceScorer(decoder, weights)) {
            for (List<Example> batch : MicroBatches.of(examples, Example::packedRows, ROWS_PER_BATCH)) {
                double[] logps = scorer.completionLogps(batch);
                int next = 0;
                for (Example example : batch) {
                    int i = graded.size();
                    double[] ours = Arrays.copyOfRange(
                            logps, next, next += example.completions().size());
                    assertArrayEquals(numbers(rows.get(i).get("loglikelihoods")), ours, 1e-3, "row " + i);
                    Map<String, Double> grades =
                            Grades.of((Choices) questions.get(i).solution(), ours);
                    grades.forEach((metric, grade) ->
                            assertEquals(rows.get(i).get(metric).doubleValue(), grade, metric + " of row " + i));
                    graded.add(new TaskScore.Graded("", grades));
                }
            }
        }
        assertEquals(ASKED, graded.size());
        TaskScore score = TaskScore.of(0, graded);
        for (String metric : List.of("acc", "acc_norm")) {
            double expected = IntStream.range(0, ASKED)
                    .mapToDouble(i -> rows.get(i).get(metric).doubleValue())
                    .average()
                    .orElseThrow();
            assertEquals(expected, score.metrics().get(metric).value(), 1e-12, metric);
        }
    }

    @Test
    void promptsAndGreedyAnswersOfGsm8k() throws Exception {
        JsonNode rows = golden("smollm2_gsm8k.json").get("rows");
        List<Question> questions = new Questions(BenchmarkTask.GSM8K, 5, OptionalInt.of(rows.size()))
                .of(rows("gsm8k_test.jsonl"), rows("gsm8k_train.jsonl.gz"));
        Generation generation = BenchmarkTask.GSM8K.generation().orElseThrow();
        CompletionText text = new CompletionText(tokenizer, generation.stops());
        List<Request> requests = new ArrayList<>();
        List<Integer> asked = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            String prompt = questions.get(i).prompt(0).text();
            assertArrayEquals(
                    rows.get(i).get("context").asText().getBytes(StandardCharsets.UTF_8),
                    prompt.getBytes(StandardCharsets.UTF_8),
                    "row " + i);
            if (i % EVERY == 0) {
                requests.add(
                        new Request(new ContextTokenizer(tokenizer).of(prompt).ids(), 0));
                asked.add(i);
            }
        }
        int same = 0;
        try (Generator generator = new Generator(decoder, weights, requests.size())) {
            Iterator<Completion> completions = generator.generate(
                    requests.iterator(), SamplingSettings.greedy(generation.maxNewTokens()), tokenizer.eosIds(), text);
            for (int i : asked) {
                int[] prompt = requests.get(i / EVERY).prompt();
                Completion completion = completions.next();
                String response = text.of(prompt, completion);
                String expected = rows.get(i).get("response").asText();
                if (response.equals(expected)) {
                    same++;
                    Map<String, Double> grades =
                            Grades.of((FinalNumber) questions.get(i).solution(), response);
                    JsonNode exact = rows.get(i).get("exact_match");
                    assertEquals(exact.get(0).doubleValue(), grades.get("exact_match_strict"));
                    assertEquals(exact.get(1).doubleValue(), grades.get("exact_match_flexible"));
                    assertEquals(rows.get(i).get("strict").asText(), FinalAnswer.strict(response));
                    assertEquals(rows.get(i).get("flexible").asText(), FinalAnswer.flexible(response));
                } else {
                    assertUndecided(prompt, completion.ids(), expected, i);
                }
            }
        }
        assertTrue(same >= asked.size() / 2, same + " of " + asked.size() + " answers are the same");
    }

    /** Where answers part, both next tokens are as likely as each other. */
    private static void assertUndecided(int[] prompt, int[] answer, String expected, int row) {
        int[] theirs = tokenizer.encode(expected);
        int common = Arrays.mismatch(answer, theirs);
        assertTrue(common >= 0 && common < Math.min(answer.length, theirs.length), "row " + row + " ends elsewhere");
        int[] before = Arrays.copyOf(prompt, prompt.length + common);
        System.arraycopy(answer, 0, before, prompt.length, common);
        try (Workspace workspace = new Workspace(decoder.backend())) {
            Example example = new Example(before, List.of(new int[] {answer[common]}, new int[] {theirs[common]}));
            double[] logps = decoder.tokenLogps(weights, PackedBatch.of(List.of(example)), workspace);
            assertTrue(
                    Math.abs(logps[0] - logps[1]) <= 1e-3,
                    "row " + row + ", token " + common + ": " + logps[0] + " and " + logps[1]);
        }
    }

    private static JsonNode golden(String name) throws IOException {
        return JSON.readTree(SHARED.resolve("golden").resolve(name).toFile());
    }

    private static List<Located> rows(String name) throws IOException {
        try (InputStream file = Files.newInputStream(DATA.resolve(name));
                InputStream plain = name.endsWith(".gz") ? new GZIPInputStream(file) : file;
                BufferedReader reader = new BufferedReader(new InputStreamReader(plain, StandardCharsets.UTF_8))) {
            List<String> lines = reader.lines().toList();
            List<Located> rows = new ArrayList<>();
            for (int i = 0; i < lines.size(); i++) {
                rows.add(new Located(i, name + ":" + (i + 1), (ObjectNode) JSON.readTree(lines.get(i))));
            }
            return rows;
        }
    }

    private static List<String> texts(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .map(JsonNode::asText)
                .toList();
    }

    private static double[] numbers(JsonNode list) {
        return IntStream.range(0, list.size())
                .mapToDouble(i -> list.get(i).doubleValue())
                .toArray();
    }
}
