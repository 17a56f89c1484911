package ai.rpo.core.judge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException.Kind;
import ai.rpo.core.judge.ServerReply.Again;
import ai.rpo.core.judge.ServerReply.Answered;
import ai.rpo.core.judge.ServerReply.Fault;
import ai.rpo.core.judge.ServerReply.Hopeless;
import ai.rpo.core.judge.ServerReply.Unanswerable;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServerReplyTest {

    private static final Instant NOW = Instant.parse("2026-02-03T04:05:06Z");

    private static ServerReply.Outcome outcome(int status, Map<String, String> headers, String body) {
        return new ServerReply(status, headers, body).outcome(NOW);
    }

    @ParameterizedTest
    @CsvSource({
        "retry-after, 7, 7000",
        "retry-after, 1.5, 1500",
        "retry-after, 0, 0",
        "retry-after-ms, 250, 250",
        "retry-after, 'Tue, 03 Feb 2026 04:05:16 GMT', 10000",
        "retry-after, 'Tue, 03 Feb 2026 04:05:00 GMT', 0",
    })
    void waitsAsLongAsTheServerAsks(String header, String value, long millis) {
        Again again = assertInstanceOf(Again.class, outcome(429, Map.of(header, value), "{}"));
        assertEquals(Optional.of(Duration.ofMillis(millis)), again.after());
        assertEquals(Fault.CROWDED, again.fault());
    }

    @ParameterizedTest
    @ValueSource(strings = {"soon", "", "-", "1e", "Tue, 99 Feb"})
    void aWaitThatCannotBeReadIsNone(String value) {
        Again again = assertInstanceOf(Again.class, outcome(429, Map.of("retry-after", value), "{}"));
        assertEquals(Optional.empty(), again.after());
    }

    @ParameterizedTest
    @ValueSource(ints = {408, 409, 429, 500, 502, 503, 529})
    void passingFaultsAreTriedAgain(int status) {
        assertInstanceOf(Again.class, outcome(status, Map.of(), ""));
        assertInstanceOf(Hopeless.class, outcome(status, Map.of("x-should-retry", "false"), ""));
    }

    @Test
    void theServerHasTheLastWordOnTryingAgain() {
        assertInstanceOf(Again.class, outcome(400, Map.of("x-should-retry", "true"), ""));
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 402, 403, 404, 405, 301, 308})
    void otherFaultsAreOfEveryQuestion(int status) {
        assertEquals(
                Kind.CONFIGURATION,
                assertInstanceOf(Hopeless.class, outcome(status, Map.of(), "")).kind());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"error": {"message": "This model's maximum context length is 8192 tokens."}} | true
            {"error": {"code": "context_length_exceeded"}}                              | true
            {"message": "the request exceeds the available context size"}               | true
            {"detail": "prompt is too long"}                                            | true
            {"error": {"message": "bad prompt"}}                                        | false
            """)
    void tellsQuestionsThatAreTooLong(String body, boolean tooLong) {
        assertEquals(
                tooLong,
                assertInstanceOf(Unanswerable.class, outcome(400, Map.of(), body))
                        .tooLong());
    }

    @Test
    void anErrorUnderStatus200IsNoAnswer() {
        Again again = assertInstanceOf(
                Again.class, outcome(200, Map.of(), "{\"error\": {\"message\": \"upstream timed out\"}}"));
        assertEquals("it answered with an error: upstream timed out", again.why());
        assertEquals(Fault.BROKEN, again.fault());
    }

    @Test
    void longWordsAreCut() {
        Again again = assertInstanceOf(Again.class, outcome(500, Map.of(), "x".repeat(100_000)));
        assertTrue(again.why().length() < 400, again.why());
    }

    @Test
    void readsWhatOpenAiSends() {
        // The shape of its documentation, with one choice and the log-probabilities of one token.
        Answered answered = assertInstanceOf(Answered.class, outcome(200, Map.of(), """
                {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4-1106-preview",
                 "choices": [{"index": 0, "finish_reason": "length",
                   "message": {"role": "assistant", "content": "m", "refusal": null},
                   "logprobs": {"content": [{"token": "m", "bytes": [109], "logprob": -0.1,
                     "top_logprobs": [{"token": "m", "bytes": [109], "logprob": -0.1},
                                      {"token": "M", "bytes": [77], "logprob": -2.4}]}]}}],
                 "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}}
                """));
        Answer answer = answered.answer();
        assertEquals("m", answer.text());
        assertEquals(Answer.Finish.LENGTH, answer.finish());
        assertEquals(2, answer.topLogprobs().size());
        assertEquals(new Answer.TokenLogprob("M", -2.4), answer.topLogprobs().get(1));
        assertEquals(9, answer.promptTokens());
        assertEquals("gpt-4-1106-preview", answer.model());
    }
}
