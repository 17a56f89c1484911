package ai.rpo.core.benchmark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.benchmark.Questions.Located;
import ai.rpo.core.benchmark.Solution.Choices;
import ai.rpo.core.benchmark.Solution.FinalNumber;
import ai.rpo.core.benchmark.Solution.Program;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class BenchmarkGoldenTest {

    /** {@code benchmarks.json} holds what lm-evaluation-harness makes of the rows; {@code make_benchmarks.py} wrote it. */
    @TestFactory
    List<DynamicTest> asksAndGradesLikeLmEvaluationHarness() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        try (InputStream golden = getClass().getResourceAsStream("/benchmark/benchmarks.json")) {
            for (JsonNode given : new ObjectMapper().readTree(golden)) {
                String name = given.get("task").asText() + ", " + given.get("shots") + " shots";
                tests.add(DynamicTest.dynamicTest(name, () -> check(given)));
            }
        }
        assertEquals(23, tests.size());
        return tests;
    }

    private static void check(JsonNode given) {
        BenchmarkTask task = BenchmarkTask.named(given.get("task").asText()).orElseThrow();
        int shots = given.get("shots").intValue();
        // The reference takes MBPP's examples from its own program, which has the very rows of the file.
        List<Located> train = task == BenchmarkTask.MBPP ? List.of() : rows(given.get("train"));
        List<Question> questions = new Questions(task, shots, OptionalInt.empty()).of(rows(given.get("rows")), train);
        assertEquals(given.get("asked").size(), questions.size());
        for (int i = 0; i < questions.size(); i++) {
            check(questions.get(i), given.get("asked").get(i));
        }
        if (given.has("until")) {
            BenchmarkTask.Generation generation = task.generation().orElseThrow();
            assertEquals(texts(given.get("until")), generation.stops());
            assertEquals(given.get("max_new_tokens").intValue(), generation.maxNewTokens());
        }
    }

    private static void check(Question question, JsonNode expected) {
        assertEquals(expected.get("doc").intValue(), question.doc());
        assertEquals(
                texts(expected.get("contexts")),
                question.prompts().stream().map(Prompt::text).toList());
        JsonNode conversations = expected.path("conversations");
        for (int i = 0; i < conversations.size(); i++) {
            List<Map<String, Object>> messages = new ArrayList<>();
            conversations
                    .get(i)
                    .forEach(message -> messages.add(Map.of(
                            "role",
                            message.get("role").asText(),
                            "content",
                            message.get("content").asText())));
            assertEquals(
                    messages,
                    question.prompts().get(i).messages().stream()
                            .map(message -> message.fields())
                            .toList());
        }
        if (question.solution() instanceof Choices choices) {
            assertEquals(texts(expected.get("continuations")), question.continuations(false));
            assertEquals(texts(expected.get("chat_continuations")), question.continuations(true));
            double[] lls = StreamSupport.stream(expected.get("loglikelihoods").spliterator(), false)
                    .mapToDouble(JsonNode::doubleValue)
                    .toArray();
            assertGrades(expected.get("metrics"), Grades.of(choices, lls));
        } else if (question.solution() instanceof FinalNumber number) {
            for (JsonNode graded : expected.get("graded")) {
                assertGrades(
                        graded.get("metrics"),
                        Grades.of(number, graded.get("response").asText()));
            }
        } else if (question.solution() instanceof Program program) {
            assertEquals(
                    program.before() + "RESPONSE\n" + expected.get("target").asText(), program.with("RESPONSE"));
        }
    }

    private static void assertGrades(JsonNode expected, Map<String, Double> grades) {
        Map<String, Double> wanted = new HashMap<>();
        expected.properties()
                .forEach(metric -> wanted.put(metric.getKey(), metric.getValue().doubleValue()));
        assertEquals(wanted.keySet(), grades.keySet());
        wanted.forEach((metric, value) -> assertEquals(value, grades.get(metric), 1e-12, metric));
    }

    private static List<Located> rows(JsonNode rows) {
        return IntStream.range(0, rows.size())
                .mapToObj(i -> new Located(i, "row " + i, (ObjectNode) rows.get(i)))
                .toList();
    }

    private static List<String> texts(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .map(JsonNode::asText)
                .toList();
    }
}
