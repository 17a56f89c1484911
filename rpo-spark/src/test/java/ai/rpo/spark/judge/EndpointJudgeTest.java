package ai.rpo.spark.judge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.RpoException.Kind;
import ai.rpo.core.judge.Answer;
import ai.rpo.core.judge.Answer.Finish;
import ai.rpo.core.judge.Answer.TokenLogprob;
import ai.rpo.core.judge.Question;
import ai.rpo.core.judge.Question.Options;
import ai.rpo.core.preference.Message;
import ai.rpo.spark.SparkTest;
import ai.rpo.spark.judge.ScriptedServer.Reply;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@SparkTest
@Timeout(120)
class EndpointJudgeTest {

    private static final Options TEXT = new Options(64, 0, List.of());
    private static final Options LABELS = new Options(1, 1, List.of("m", "M"));
    private static final String KEY = "sk-nobody-may-see-this-7361";

    @TempDir
    Path work;

    private static EndpointSettings settings(ScriptedServer server, double perSecond, int atOnce) {
        return new EndpointSettings(
                Optional.of(server.url()), Optional.of("judge-1"), Optional.empty(), perSecond, atOnce, 2, 2);
    }

    private Judge judge(SparkSession spark, EndpointSettings settings) {
        return judge(spark, settings, false);
    }

    private Judge judge(SparkSession spark, EndpointSettings settings, boolean allowMissing) {
        EndpointKey key = EndpointKey.of("JUDGE_KEY", name -> KEY + "\n");
        return new AskStage(
                spark,
                new EndpointSource(settings, key, allowMissing),
                new org.apache.hadoop.fs.Path(work.resolve("answers").toString()));
    }

    private static Question question(String text, Options options) {
        return new Question("key of " + text, List.of(Message.of("user", text)), options);
    }

    private static Judge.Asked ask(SparkSession spark, Judge judge, List<Question> questions) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        return judge.ask("test", context.parallelize(questions, 3), Progress.NONE);
    }

    private static List<Question> questions(Options options, String... texts) {
        return Stream.of(texts).map(text -> question(text, options)).toList();
    }

    /** The probe's own question is always answered. */
    private static boolean isProbe(String text) {
        return text.contains("the single word yes");
    }

    @Test
    void faultsOfTheServerPassAndAnswersAreKept(SparkSession spark) throws Exception {
        try (ScriptedServer server = new ScriptedServer((text, before, request) -> {
            if (before > 0 || isProbe(text)) {
                return Reply.answer("[[A]]");
            }
            String inASecond = DateTimeFormatter.RFC_1123_DATE_TIME.format(
                    Instant.now().plusSeconds(1).atOffset(ZoneOffset.UTC));
            return switch (text) {
                case "429" -> Reply.error(429, "rate_limit_exceeded", "slow down");
                case "429 with seconds" -> new Reply(429, Map.of("Retry-After", "1"), "{}");
                case "429 with milliseconds" -> new Reply(429, Map.of("retry-after-ms", "300"), "{}");
                case "429 with a date" -> new Reply(429, Map.of("Retry-After", inASecond), "{}");
                case "408" -> Reply.of(408, "");
                case "500" -> Reply.of(500, "oops");
                case "503 of a proxy" -> Reply.of(503, "<html><title>busy</title></html>");
                case "cut" -> Reply.cut();
                case "invalid JSON" -> Reply.of(200, "{\"choices\": [");
                case "no choices" -> Reply.of(200, "{\"choices\": []}");
                case "HTML" -> Reply.of(200, "<!DOCTYPE html><html><title>Welcome</title></html>");
                case "slow" -> {
                    Thread.sleep(2500);
                    yield Reply.answer("too late");
                }
                default -> Reply.answer("[[A]]");
            };
        })) {
            List<Question> questions = questions(
                    TEXT,
                    "429",
                    "429 with seconds",
                    "429 with milliseconds",
                    "429 with a date",
                    "408",
                    "500",
                    "503 of a proxy",
                    "cut",
                    "invalid JSON",
                    "no choices",
                    "HTML",
                    "slow",
                    "good");
            Judge judge = judge(spark, settings(server, 200, 4));
            Judge.Asked asked = ask(spark, judge, questions);

            Map<String, Answer> answers = asked.answers().collectAsMap();
            for (Question question : questions) {
                assertEquals("[[A]]", answers.get(question.key()).text(), question.key());
                int times = question.key().equals("key of good") ? 1 : 2;
                assertEquals(times, server.counts().get(question.key().substring(7)), question.key());
            }
            assertEquals(13, asked.different());
            assertEquals(13, asked.asked());
            assertEquals(0, asked.failed());

            int before = server.requests();
            Judge.Asked again = ask(spark, judge(spark, settings(server, 200, 4)), questions);
            assertEquals(answers, again.answers().collectAsMap());
            assertEquals(13, again.known());
            assertEquals(before, server.requests(), "requests of the second run");
            assertTrue(server.authorizations().stream().allMatch(("Bearer " + KEY)::equals));
        }
        requireNoKey();
    }

    private void requireNoKey() throws IOException {
        try (Stream<Path> files = Files.walk(work)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                assertFalse(Files.readString(file).contains(KEY), file.toString());
            }
        }
    }

    @Test
    void whatAServerAnswersIsAnAnswerWhateverItIs(SparkSession spark) throws Exception {
        try (ScriptedServer server = new ScriptedServer((text, before, request) -> switch (text) {
            case "refusal" -> {
                ObjectNode response = Reply.completion(null, "stop");
                ((ObjectNode) response.at("/choices/0/message")).put("refusal", "I would rather not.");
                yield Reply.of(200, response.toString());
            }
            case "filter" ->
                Reply.of(200, Reply.completion(null, "content_filter").toString());
            case "filter of another kind" -> Reply.error(400, "content_filter", "the prompt was filtered");
            case "cut short" -> Reply.of(200, Reply.completion("Both", "length").toString());
            case "refused" -> Reply.error(400, "invalid_prompt", "I cannot read this");
            case "parts" ->
                Reply.of(
                        200,
                        Reply.completion("", "stop")
                                .toString()
                                .replace("\"content\":\"\"", "\"content\":[{\"type\":\"text\",\"text\":\"[[B]]\"}]"));
            default -> Reply.answer("I cannot say.");
        })) {
            Judge.Asked asked = ask(
                    spark,
                    judge(spark, settings(server, 200, 2)),
                    questions(
                            TEXT,
                            "refusal",
                            "filter",
                            "filter of another kind",
                            "cut short",
                            "refused",
                            "parts",
                            "no verdict"));
            Map<String, Answer> answers = asked.answers().collectAsMap();

            assertEquals(Finish.REFUSAL, answers.get("key of refusal").finish());
            assertEquals("I would rather not.", answers.get("key of refusal").note());
            assertEquals("", answers.get("key of refusal").text());
            assertEquals(Finish.CONTENT_FILTER, answers.get("key of filter").finish());
            assertEquals(
                    Finish.CONTENT_FILTER,
                    answers.get("key of filter of another kind").finish());
            assertEquals(Finish.LENGTH, answers.get("key of cut short").finish());
            assertEquals("Both", answers.get("key of cut short").text());
            assertEquals("[[B]]", answers.get("key of parts").text());
            assertEquals(Finish.FAILED, answers.get("key of refused").finish());
            assertEquals(
                    "it answered 400 (I cannot read this)",
                    answers.get("key of refused").note());
            assertEquals(Answer.Finish.STOP, answers.get("key of no verdict").finish());
            assertEquals("scripted-1", answers.get("key of no verdict").model());
            assertEquals(100, answers.get("key of no verdict").promptTokens());
            assertEquals(1, asked.failed());
            assertEquals(6, asked.asked());
        }
    }

    @Test
    void logprobsAreTakenAsTheServerSpellsThem(SparkSession spark) throws Exception {
        try (ScriptedServer server = new ScriptedServer((text, before, request) -> {
            assertTrue(request.path("logprobs").asBoolean());
            assertEquals(5, request.path("top_logprobs").asInt());
            assertEquals(1, request.path("max_tokens").asInt());
            return text.equals("none of them")
                    ? Reply.answer("m")
                    : Reply.answer("m", Map.of(" m", -0.25, "M\n", -2.0));
        })) {
            Judge.Asked asked = ask(
                    spark, judge(spark, settings(server, 200, 2)), questions(LABELS, "some of them", "none of them"));
            Map<String, Answer> answers = asked.answers().collectAsMap();

            assertEquals(
                    Map.of(" m", -0.25, "M\n", -2.0),
                    answers.get("key of some of them").topLogprobs().stream()
                            .collect(Collectors.toMap(TokenLogprob::token, TokenLogprob::logprob)));
            assertEquals(List.of(), answers.get("key of none of them").topLogprobs());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            401 | CONFIGURATION | it answered 401 (Incorrect API key provided: (key)). Check the key in the variable that rpo.judge.endpoint.key-env names.
            404 | CONFIGURATION | it answered 404 (there is no judge-1). Check rpo.judge.endpoint.url, which often ends in /v1, and rpo.judge.endpoint.model.
            HTML | CONFIGURATION | it answered with the web page "Welcome". Check rpo.judge.endpoint.url, which often ends in /v1.
            quota | CONFIGURATION | the account has no credit left: it answered 429 (You exceeded your current quota). Add some, and run the command again; it asks only what is not answered.
            500 | RETRYABLE | it answered 500 (nothing). Check that the server runs and rpo.judge.endpoint.url is its address, and run the command again.
            wait | RETRYABLE | it answered 429 ({}), and asks to wait 3600 s. Run the command again then; it asks only what is not answered.
            temperature | CONFIGURATION | it answered 400 (temperature must be 1). The protocol needs a temperature of 0.0 and 64 tokens. Name another model, or another rpo.judge.protocol.
            moved | CONFIGURATION | it sends requests on to http://elsewhere/v1. Give that address in rpo.judge.endpoint.url.
            """)
    void whatIsWrongWithTheServerShowsBeforeAnythingIsAsked(String fault, Kind kind, String why, SparkSession spark)
            throws Exception {
        try (ScriptedServer server = new ScriptedServer((text, before, request) -> switch (fault) {
            case "401" -> Reply.error(401, "invalid_api_key", "Incorrect API key provided: " + KEY);
            case "404" -> Reply.error(404, "model_not_found", "there is no judge-1");
            case "HTML" -> Reply.of(200, "<!DOCTYPE html><html><head><title>Welcome</title></head></html>");
            case "quota" -> Reply.error(429, "insufficient_quota", "You exceeded your current quota");
            case "500" -> Reply.of(500, "");
            case "wait" -> new Reply(429, Map.of("Retry-After", "3600"), "{}");
            case "temperature" -> Reply.error(400, "unsupported_value", "temperature must be 1");
            default -> new Reply(307, Map.of("Location", "http://elsewhere/v1"), "");
        })) {
            Judge judge = judge(spark, settings(server, 200, 2));
            RpoException thrown =
                    assertThrows(RpoException.class, () -> ask(spark, judge, questions(TEXT, "dear question")));

            assertEquals("Cannot ask the judge judge-1 at " + server.url() + ": " + why, thrown.getMessage());
            assertEquals(kind, thrown.kind());
            assertFalse(server.counts().containsKey("dear question"));
            if (fault.equals("quota")) {
                assertEquals(1, server.requests());
            }
        }
        requireNoKey();
    }

    @Test
    void missingLogprobsAreAnErrorBeforeAnythingIsAsked(SparkSession spark) throws Exception {
        try (ScriptedServer server = new ScriptedServer((text, before, request) -> Reply.answer("m"))) {
            Judge judge = judge(spark, settings(server, 200, 2));
            RpoException thrown =
                    assertThrows(RpoException.class, () -> ask(spark, judge, questions(LABELS, "dear question")));
            assertTrue(thrown.getMessage().contains("it gives no log-probabilities"), thrown.getMessage());
            assertEquals(1, server.requests());
        }
    }

    @Test
    void nobodyAtTheAddressIsWorthAnotherTry(SparkSession spark) throws Exception {
        EndpointSettings settings;
        try (ScriptedServer server = new ScriptedServer((text, before, request) -> Reply.answer("m"))) {
            settings = settings(server, 200, 2);
        }
        RpoException thrown =
                assertThrows(RpoException.class, () -> ask(spark, judge(spark, settings), questions(TEXT, "question")));
        assertEquals(Kind.RETRYABLE, thrown.kind());
        assertTrue(thrown.getMessage().contains("nothing answers at http://127.0.0.1"), thrown.getMessage());
    }

    @Test
    void aServerThatNamesTheLengthOtherwiseIsAskedSo(SparkSession spark) throws Exception {
        try (ScriptedServer server = new ScriptedServer((text, before, request) -> request.has("max_tokens")
                ? Reply.error(400, "unsupported_parameter", "Use 'max_completion_tokens' instead of 'max_tokens'.")
                : Reply.answer("[[B]]"))) {
            Judge.Asked asked =
                    ask(spark, judge(spark, settings(server, 200, 2)), questions(TEXT, "question", "another"));
            assertEquals(
                    "[[B]]",
                    asked.answers().collectAsMap().get("key of another").text());
            assertEquals(4, server.requests());
        }
    }

    @Test
    void aQuestionThatIsTooLongStopsTheJobUnlessItMayBeMissing(SparkSession spark) throws Exception {
        try (ScriptedServer server = new ScriptedServer((text, before, request) -> text.length() > 100
                ? Reply.error(400, "context_length_exceeded", "8192 tokens at most")
                : Reply.answer("[[B]]"))) {
            List<Question> questions = questions(TEXT, "short", "long ".repeat(50));
            RpoException thrown = assertThrows(
                    RpoException.class, () -> ask(spark, judge(spark, settings(server, 200, 2)), questions));
            assertEquals(Kind.DATA, thrown.kind());
            assertTrue(thrown.getMessage().contains("250 characters) is too long for it"), thrown.getMessage());
            assertFalse(server.counts().containsKey("short"));

            Judge.Asked asked = ask(spark, judge(spark, settings(server, 200, 2), true), questions);
            assertEquals(1, asked.failed());
            assertEquals(
                    "[[B]]", asked.answers().collectAsMap().get("key of short").text());
        }
    }

    @Test
    void aServerThatCutsQuestionsIsFoundOut(SparkSession spark) throws Exception {
        try (ScriptedServer server = new ScriptedServer((text, before, request) -> Reply.answer("[[B]]"))) {
            RpoException thrown = assertThrows(
                    RpoException.class,
                    () -> ask(spark, judge(spark, settings(server, 200, 2)), questions(TEXT, "long ".repeat(500))));
            assertTrue(
                    thrown.getMessage().contains("2500 characters) it has read 100 tokens, so it seems to cut"),
                    thrown.getMessage());
        }
    }

    @Test
    void aServerThatGoesDownEndsTheJobAndWhatItSaidIsKept(SparkSession spark) throws Exception {
        int questions = 40;
        AtomicBoolean down = new AtomicBoolean(true);
        try (ScriptedServer server = new ScriptedServer((text, before, request) -> {
            return text.startsWith("bad") && down.get() ? Reply.of(502, "") : Reply.answer("[[A]]");
        })) {
            List<Question> all = IntStream.range(0, questions)
                    .mapToObj(i -> question(i % 8 == 0 ? "good question " + i : "bad " + i, TEXT))
                    .toList();
            EndpointSettings settings = new EndpointSettings(
                    Optional.of(server.url()), Optional.of("judge-1"), Optional.empty(), 500, 1, 0, 2);
            RpoException thrown = assertThrows(RpoException.class, () -> ask(spark, judge(spark, settings), all));
            assertEquals(Kind.RETRYABLE, thrown.kind());
            assertTrue(
                    thrown.getMessage()
                            .contains("3 questions in a row had no answer, the last because it answered 502"),
                    thrown.getMessage());
            int asked = server.requests();
            assertTrue(asked < questions, asked + " requests");

            down.set(false);
            Judge.Asked again = ask(spark, judge(spark, settings(server, 500, 1)), all);
            assertEquals(questions, again.asked() + again.known());
            assertTrue(again.known() > 0);
            assertTrue(server.counts().entrySet().stream()
                    .allMatch(count -> !count.getKey().startsWith("good") || count.getValue() == 1));
        }
    }

    @Test
    void manyRequestsKeepToTheRateAndTakeNoLonger(SparkSession spark) throws Exception {
        double rate = 20;
        int questions = 100;
        try (ScriptedServer server = new ScriptedServer((text, before, request) -> {
            Thread.sleep(100);
            return Reply.answer("[[A]]");
        })) {
            List<Question> all = IntStream.range(0, questions)
                    .mapToObj(i -> question("question " + i, TEXT))
                    .toList();
            Judge judge = judge(spark, settings(server, rate, 31));
            long start = System.nanoTime();
            Judge.Asked asked = ask(spark, judge, all);
            double seconds = (System.nanoTime() - start) / 1e9;

            assertEquals(questions, asked.asked());
            List<Long> times = server.times();
            assertEquals(questions + 1, times.size());
            // After the probe and the longest question, which Spark waits for.
            double asking = (times.get(times.size() - 1) - times.get(2)) / 1e9;
            double least = questions / rate;
            assertTrue(asking > 0.9 * least, asking + " s for what may take no less than " + least);
            assertTrue(asking < 1.1 * least, asking + " s for what may take " + least + " s and a tenth more");
            // Spark's own jobs before and after, whose time does not grow with the rate's.
            assertTrue(seconds < 1.1 * least + 10, seconds + " s in all");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void noMoreRequestsThanAllowedWaitAtOnce(int atOnce, SparkSession spark) throws Exception {
        try (ScriptedServer server = new ScriptedServer((text, before, request) -> {
            Thread.sleep(20);
            return Reply.answer("[[A]]");
        })) {
            List<Question> all = IntStream.range(0, 20)
                    .mapToObj(i -> question("question " + i, TEXT))
                    .toList();
            assertEquals(
                    20,
                    ask(spark, judge(spark, settings(server, 500, atOnce)), all).asked());
            assertEquals(atOnce, server.mostAtOnce());
        }
    }

    @Test
    void theSameQuestionUnderTwoKeysIsAskedOnce(SparkSession spark) throws Exception {
        try (ScriptedServer server = new ScriptedServer((text, before, request) -> Reply.answer("[[A]]"))) {
            List<Message> messages = List.of(Message.of("user", "question"));
            List<Question> questions =
                    List.of(new Question("a", messages, TEXT), new Question("b", messages, TEXT), question("c", TEXT));
            Judge.Asked asked = ask(spark, judge(spark, settings(server, 200, 2)), questions);
            assertEquals(2, asked.different());
            assertEquals(1, server.counts().get("question"));
            assertEquals(
                    Map.of("a", "[[A]]", "b", "[[A]]", "key of c", "[[A]]"),
                    asked.answers().mapValues(Answer::text).collectAsMap());
        }
    }

    @Test
    void aMissingKeyIsNamedByItsVariable() {
        RpoException thrown = assertThrows(RpoException.class, () -> EndpointKey.of("JUDGE_KEY", name -> null));
        assertTrue(thrown.getMessage().contains("the environment has no variable JUDGE_KEY"));
        RpoException broken = assertThrows(RpoException.class, () -> EndpointKey.of("JUDGE_KEY", name -> KEY + " ä"));
        assertFalse(broken.getMessage().contains(KEY));
        assertFalse(EndpointKey.of("JUDGE_KEY", name -> KEY).toString().contains(KEY));
    }
}
