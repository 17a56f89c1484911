package ai.rpo.core.judge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.judge.Question.Options;
import ai.rpo.core.preference.Message;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class AskingTest {

    private static final Options OPTIONS = new Options(8, 0.5, List.of("m", "M"));

    private static Question question(Options options, String... texts) {
        return new Question(
                "key", Stream.of(texts).map(text -> Message.of("user", text)).toList(), options);
    }

    @Test
    void theKeyIsOfAllThatTheAnswerDependsOn() {
        String key = AnswerKey.of("judge", "protocol", question(OPTIONS, "a", "b"));
        assertEquals(32, key.length());
        assertEquals(
                key,
                AnswerKey.of(
                        "judge",
                        "protocol",
                        new Question("other", question(OPTIONS, "a", "b").messages(), OPTIONS)));
        assertNotEquals(key, AnswerKey.of("judge2", "protocol", question(OPTIONS, "a", "b")));
        assertNotEquals(key, AnswerKey.of("judge", "protocol2", question(OPTIONS, "a", "b")));
        assertNotEquals(key, AnswerKey.of("judge", "protocol", question(OPTIONS, "ab")));
        assertNotEquals(key, AnswerKey.of("judge", "protocol", question(OPTIONS, "b", "a")));
        for (Options other : List.of(
                new Options(9, 0.5, List.of("m", "M")),
                new Options(8, 0, List.of("m", "M")),
                new Options(8, 0.5, List.of("M", "m")))) {
            assertNotEquals(key, AnswerKey.of("judge", "protocol", question(other, "a", "b")));
        }
    }

    @Test
    void theKeyDoesNotDependOnTheOrderOfAMessagesFields() {
        Map<String, Object> other = new LinkedHashMap<>();
        other.put("role", "user");
        other.put("content", "a");
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("content", "a");
        one.put("role", "user");
        assertEquals(
                AnswerKey.of("judge", "protocol", new Question("k", List.of(new Message(one)), OPTIONS)),
                AnswerKey.of("judge", "protocol", new Question("k", List.of(new Message(other)), OPTIONS)));
    }

    @Test
    void delaysDoubleUpToEightSeconds() {
        assertEquals(Duration.ofMillis(500), RetryDelays.before(0, 0));
        assertEquals(Duration.ofMillis(375), RetryDelays.before(0, 1));
        assertEquals(Duration.ofSeconds(4), RetryDelays.before(3, 0));
        assertEquals(Duration.ofSeconds(8), RetryDelays.before(4, 0));
        assertEquals(Duration.ofSeconds(8), RetryDelays.before(1000, 0));
    }

    @Test
    void aRequestInABatchFileIsTheBodyOfARequest() throws Exception {
        assertEquals(
                new ObjectMapper().readTree("""
                        {"custom_id": "c", "method": "POST", "url": "/v1/chat/completions",
                         "body": {"model": "gpt", "messages": [{"role": "user", "content": "a"}],
                                  "temperature": 0.5, "max_tokens": 8, "logprobs": true, "top_logprobs": 5}}
                        """),
                new ObjectMapper().readTree(BatchLines.request("c", "gpt", question(OPTIONS, "a"))));
    }

    @Test
    void resultsOfABatchAreAnswersOrReasons() {
        Optional<BatchLines.Result> answered = BatchLines.result(
                "{\"id\": \"r1\", \"custom_id\": \"c1\", \"response\": {\"status_code\": 200, \"request_id\": \"q\","
                        + " \"body\": {\"choices\": [{\"message\": {\"content\": \"[[B]]\"}}]}}, \"error\": null}");
        assertEquals("c1", answered.orElseThrow().key());
        assertEquals("[[B]]", answered.orElseThrow().answer().text());

        Answer refused = BatchLines.result("{\"custom_id\": \"c2\", \"response\": {\"status_code\": 400,"
                        + " \"body\": {\"error\": {\"message\": \"no\"}}}, \"error\": null}")
                .orElseThrow()
                .answer();
        assertEquals(Answer.failed("it answered 400 (no)"), refused);

        Answer expired = BatchLines.result("{\"custom_id\": \"c3\", \"response\": null,"
                        + " \"error\": {\"code\": \"batch_expired\", \"message\": \"it was too late\"}}")
                .orElseThrow()
                .answer();
        assertEquals(Answer.failed("it was too late"), expired);

        for (String line : List.of("{\"custom_id\": \"c4\"}", "{\"custom_id\": \"c5\", \"resp", "", "[]", "7")) {
            assertTrue(BatchLines.result(line).isEmpty(), line);
        }
    }
}
