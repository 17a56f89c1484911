package ai.rpo.spark.judge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.RpoException.Kind;
import ai.rpo.core.judge.Answer;
import ai.rpo.core.judge.Answer.TokenLogprob;
import ai.rpo.core.judge.Contestant;
import ai.rpo.core.judge.EvaluationPrompt;
import ai.rpo.core.judge.JudgeProtocol;
import ai.rpo.core.judge.Match;
import ai.rpo.core.judge.Protocol;
import ai.rpo.core.judge.Question;
import ai.rpo.core.judge.Question.Options;
import ai.rpo.core.preference.Message;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.spark.LocalSpark;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.judge.AnswerSource.Asking;
import ai.rpo.spark.judge.JudgeSettings.ProgramSettings;
import ai.rpo.spark.prepare.LetterModel;
import ai.rpo.spark.train.RandomModel;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LocalSpark.class)
class OtherJudgesTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Options TEXT = new Options(64, 0, List.of());

    @TempDir
    Path work;

    private static Judge.Asked ask(SparkSession spark, Judge judge, String protocol, List<Question> questions) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        return judge.ask(protocol, context.parallelize(questions, 3), Progress.NONE);
    }

    private static Question question(String text, Options options) {
        return new Question(text + " " + options, List.of(Message.of("user", text)), options);
    }

    private org.apache.hadoop.fs.Path path(String name) {
        return new org.apache.hadoop.fs.Path(work.resolve(name).toString());
    }

    @Test
    void aModelsLabelsHaveTheProbabilitiesOfItsNextToken(SparkSession spark) throws Exception {
        Path folder = RandomModel.write(work.resolve("model"), 0.5);
        LetterModel.write(folder);
        Files.writeString(folder.resolve("chat_template.jinja"), "{% for m in messages %}{{ m.content }}{% endfor %}");
        LocalModel model = LocalModel.of(folder.toString(), spark.sparkContext().hadoopConfiguration());
        Judge judge = new AskStage(
                spark, new ModelSource(model, TemplateChoice.USUAL, Precision.FLOAT32, 4, false), path("answers"));
        List<String> letters = new ArrayList<>(List.of("?", "<s>", "</s>"));
        "abcdefghijklmnop".chars().mapToObj(Character::toString).forEach(letters::add);
        Options all = new Options(1, 1, letters);
        Options two = new Options(1, 1, List.of("a", "p"));
        Options next = new Options(1, 0, List.of());
        List<Question> questions = new ArrayList<>();
        List<String> texts = IntStream.range(0, 9)
                .mapToObj(i -> "abcdefghijklmnop".substring(i, i + 3))
                .toList();
        texts.forEach(
                text -> Stream.of(all, two, next).map(o -> question(text, o)).forEach(questions::add));

        Judge.Asked asked = ask(spark, judge, "test", questions);
        Map<String, Answer> answers = asked.answers().collectAsMap();
        for (String text : texts) {
            Map<String, Double> whole = logprobs(answers.get(question(text, all).key()));
            assertEquals(19, whole.size());
            assertEquals(1, whole.values().stream().mapToDouble(Math::exp).sum(), 1e-4, "no mass is missing");
            Map<String, Double> part = logprobs(answers.get(question(text, two).key()));
            assertEquals(2, part.size());
            part.forEach((label, logprob) -> assertEquals(whole.get(label), logprob, 1e-5));
            String likeliest = Collections.max(whole.entrySet(), Map.Entry.comparingByValue())
                    .getKey();
            assertEquals(likeliest, answers.get(question(text, all).key()).text());
            String generated = answers.get(question(text, next).key()).text();
            // The text of a completion has no special tokens.
            assertEquals(likeliest.startsWith("<") ? "" : likeliest, generated.strip());
        }
        assertEquals(27, asked.asked());
        assertEquals(27, ask(spark, judge, "test", questions).known());

        RpoException tooLong = assertThrows(
                RpoException.class, () -> ask(spark, judge, "test", List.of(question("ab".repeat(5000), two))));
        assertTrue(tooLong.getMessage().contains("has 10000 tokens, and its context has"), tooLong.getMessage());
    }

    private static Map<String, Double> logprobs(Answer answer) {
        return answer.topLogprobs().stream().collect(Collectors.toMap(TokenLogprob::token, TokenLogprob::logprob));
    }

    @Test
    void batchFilesGoOutAndTheirResultsComeBack(SparkSession spark) throws Exception {
        List<Question> questions = IntStream.range(0, 7)
                .mapToObj(i -> question("question " + i, TEXT))
                .toList();
        RpoException first = assertThrows(RpoException.class, () -> ask(spark, batch(spark, false), "test", questions));
        assertEquals(Kind.RETRYABLE, first.kind());
        assertEquals(
                "Cannot judge yet: 7 of 7 questions have no answer. They stand in 1 file of " + path("requests")
                        + "; have them answered by gpt-x, and run the command again with the results in"
                        + " rpo.judge.batch.results.",
                first.getMessage());
        List<JsonNode> requests = requests();
        assertEquals(7, requests.size());

        // Results come in another order, one of them without an answer, with those of somebody else.
        List<String> results = new ArrayList<>();
        requests.forEach(request -> results.add(result(request, "[[A]]").toString()));
        Collections.reverse(results);
        String expired = "{\"custom_id\": \"" + requests.get(2).get("custom_id").asText()
                + "\", \"response\": null, \"error\": {\"code\": \"batch_expired\", \"message\": \"out of time\"}}";
        results.set(4, expired);
        results.add(results.get(0).replace(requests.get(6).get("custom_id").asText(), "someone-elses"));
        write("results/one.jsonl", results.subList(0, 3));
        write("results/two.jsonl", results.subList(3, 8));
        RpoException second =
                assertThrows(RpoException.class, () -> ask(spark, batch(spark, false, "results"), "test", questions));
        assertTrue(
                second.getMessage()
                        .startsWith(
                                "Cannot judge yet: 1 of 7 questions have no answer, the first because out of time."),
                second.getMessage());
        assertEquals(1, requests().size());

        write("results/three.jsonl", List.of("{\"custom_id\": \"x\", \"respo"));
        RpoException cut =
                assertThrows(RpoException.class, () -> ask(spark, batch(spark, false, "results"), "test", questions));
        assertEquals(Kind.DATA, cut.kind());
        assertTrue(cut.getMessage().contains("1 lines are no results of a batch"), cut.getMessage());

        write("results/three.jsonl", List.of(result(requests.get(2), "[[B]]").toString()));
        Judge.Asked asked = ask(spark, batch(spark, false, "results"), "test", questions);
        Map<String, Answer> answers = asked.answers().collectAsMap();
        assertEquals(6, asked.known());
        assertEquals(1, asked.asked());
        assertEquals(
                1,
                answers.values().stream()
                        .filter(answer -> answer.text().equals("[[B]]"))
                        .count());
        assertEquals(7, ask(spark, batch(spark, false), "test", questions).known());
    }

    private Judge batch(SparkSession spark, boolean allowMissing, String... results) {
        List<String> paths =
                Stream.of(results).map(name -> work.resolve(name).toString()).toList();
        return new BatchJudge(spark, "gpt-x", paths, path("answers"), path("requests"), allowMissing);
    }

    private static ObjectNode result(JsonNode request, String text) {
        ObjectNode result = JSON.createObjectNode();
        result.put("id", "r").put("custom_id", request.get("custom_id").asText());
        ObjectNode response = result.putObject("response").put("status_code", 200);
        response.set("body", ScriptedServer.Reply.completion(text, "stop"));
        result.putNull("error");
        return result;
    }

    private List<JsonNode> requests() throws IOException {
        List<JsonNode> requests = new ArrayList<>();
        try (Stream<Path> files = Files.list(work.resolve("requests"))) {
            for (Path file : files.sorted().toList()) {
                for (String line : Files.readAllLines(file)) {
                    requests.add(JSON.readTree(line));
                }
            }
        }
        return requests;
    }

    private void write(String name, List<String> lines) throws IOException {
        Path file = work.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, lines);
    }

    @Test
    void batchFilesKeepWithinTheirLimits() throws Exception {
        List<Asking> questions = IntStream.range(0, 10)
                .mapToObj(i -> new Asking("key" + i, question("question " + i, TEXT)))
                .toList();
        BatchRequests requests = new BatchRequests("gpt-x", path("requests"), new Configuration());
        assertEquals(4, requests.write(questions.iterator(), 3, 1 << 20));
        assertEquals(10, requests().size());
        assertEquals(
                3,
                Files.readAllLines(work.resolve("requests/requests-00000.jsonl"))
                        .size());

        int line = Files.readAllLines(work.resolve("requests/requests-00000.jsonl"))
                        .get(0)
                        .length()
                + 1;
        assertEquals(5, requests.write(questions.iterator(), 100, 2 * line));
        for (int i = 0; i < 5; i++) {
            assertTrue(Files.size(work.resolve("requests/requests-0000" + i + ".jsonl")) <= 2L * line);
        }
        assertEquals(10, requests().size());
        assertEquals(
                1, requests.write(List.of(questions.get(0), questions.get(0)).iterator(), 9, 9));
        assertEquals(1, requests().size());
    }

    @Test
    void aProgramGradesAnswers(SparkSession spark) {
        Judge judge = new ProgramJudge(spark, new ProgramSettings("number", Optional.empty()));
        EvaluationPrompt sum = new EvaluationPrompt(0, "sum", List.of("3 + 4?"), "", List.of("#### 7"));
        Match match = new Match(
                sum,
                1,
                new Contestant("tuned", List.of("It is 7.")),
                Optional.of(new Contestant("base", List.of("It is 8."))));
        Protocol pair = JudgeProtocol.PROGRAM_PAIR.with(null, null);
        List<Question> questions = pair.questions(match);
        Map<String, Answer> answers =
                ask(spark, judge, pair.name(), questions).answers().collectAsMap();
        List<Answer> inOrder =
                questions.stream().map(question -> answers.get(question.key())).toList();
        assertEquals(List.of("1.0", "0.0"), inOrder.stream().map(Answer::text).toList());
        assertEquals(1, pair.judge(match, inOrder).preference().orElseThrow());

        Protocol single = JudgeProtocol.PROGRAM_SINGLE.with(null, null);
        Match alone = new Match(sum, 1, match.model(), Optional.empty());
        Map<String, Answer> grades = ask(spark, judge, single.name(), single.questions(alone))
                .answers()
                .collectAsMap();
        assertEquals(
                1, single.judge(alone, List.copyOf(grades.values())).score().orElseThrow());

        RpoException wrong = assertThrows(RpoException.class, () -> ask(spark, judge, "mt-bench-pair", questions));
        assertTrue(wrong.getMessage().contains("program-pair"), wrong.getMessage());
        assertFalse(wrong.getMessage().contains("null"));
    }
}
