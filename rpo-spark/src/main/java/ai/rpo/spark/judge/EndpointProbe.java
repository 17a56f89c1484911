package ai.rpo.spark.judge;

import ai.rpo.core.RpoException;
import ai.rpo.core.RpoException.Kind;
import ai.rpo.core.judge.Answer;
import ai.rpo.core.judge.ChatCompletions;
import ai.rpo.core.judge.ChatCompletions.LengthField;
import ai.rpo.core.judge.Question;
import ai.rpo.core.judge.ServerReply.Again;
import ai.rpo.core.judge.ServerReply.Answered;
import ai.rpo.core.judge.ServerReply.Fault;
import ai.rpo.core.judge.ServerReply.Hopeless;
import ai.rpo.core.judge.ServerReply.Outcome;
import ai.rpo.core.judge.ServerReply.Unanswerable;
import ai.rpo.core.preference.Message;
import ai.rpo.spark.judge.AnswerSource.Asking;
import java.util.Collection;
import java.util.List;

/**
 * Finds out what a server can do before it is asked in earnest: a request of a few tokens for each kind of question,
 * and then the longest question itself, whose answer counts.
 */
final class EndpointProbe {

    private static final int LONGEST_ANSWER = 16;

    /** A person waits for what is wrong with the settings. */
    private static final int FEW_RETRIES = 2;

    /** More characters for each token than any text has: the server has read a part of it. */
    private static final int MOST_CHARACTERS_PER_TOKEN = 12;

    private final Endpoint endpoint;
    private final String model;
    private final int retries;
    private final Pace pace;

    EndpointProbe(Endpoint endpoint, String model, int retries, Pace pace) {
        this.endpoint = endpoint;
        this.model = model;
        this.retries = retries;
        this.pace = pace;
    }

    static String cannotAsk(String model, Endpoint endpoint) {
        return "Cannot ask the judge " + model + " at " + endpoint.url() + ": ";
    }

    /**
     * Gives what the server calls the greatest length of an answer, once it has answered a request of each kind as it
     * should.
     *
     * @throws RpoException where it does not
     */
    LengthField lengthField(Collection<Question.Options> kinds) throws InterruptedException {
        LengthField length = LengthField.MAX_TOKENS;
        for (Question.Options kind : kinds) {
            Question question = new Question(
                    "probe",
                    List.of(Message.of("user", "Answer with the single word yes.")),
                    new Question.Options(
                            Math.min(LONGEST_ANSWER, kind.maxTokens()), kind.temperature(), kind.labels()));
            Outcome outcome = ask(question, length, Math.min(FEW_RETRIES, retries));
            if (outcome instanceof Unanswerable refused
                    && length == LengthField.MAX_TOKENS
                    && refused.why().contains(LengthField.MAX_COMPLETION_TOKENS.key())) {
                length = LengthField.MAX_COMPLETION_TOKENS;
                outcome = ask(question, length, Math.min(FEW_RETRIES, retries));
            }
            if (outcome instanceof Unanswerable refused) {
                throw RpoException.configuration(cannotAsk(model, endpoint) + refused.why()
                        + ". The protocol needs a temperature of " + kind.temperature() + " and " + kind.maxTokens()
                        + " tokens" + (kind.labels().isEmpty() ? "" : " and log-probabilities of the first one")
                        + ". Name another model, or another rpo.judge.protocol.");
            }
            requireAnswer(outcome);
            Answer answer = ((Answered) outcome).answer();
            if (!kind.labels().isEmpty()
                    && answer.topLogprobs().size() < kind.labels().size()) {
                throw RpoException.configuration(cannotAsk(model, endpoint) + "it gives "
                        + (answer.topLogprobs().isEmpty()
                                ? "no log-probabilities"
                                : "log-probabilities of " + answer.topLogprobs().size() + " token, not of the "
                                        + ChatCompletions.TOP_LOGPROBS)
                        + " that it was asked for (logprobs, top_logprobs), from which the protocol takes its verdict."
                        + " Name a server that gives them, or another rpo.judge.protocol.");
            }
        }
        return length;
    }

    /**
     * Asks the longest question, which shows whether all fit.
     *
     * @throws RpoException where it does not, and may not stay without an answer
     */
    void longest(Asking asking, LengthField length, boolean allowMissing, AnswerSource.Sink sink)
            throws InterruptedException {
        Outcome outcome = ask(asking.question(), length, retries);
        long characters = OpenQuestions.characters(asking.question());
        if (outcome instanceof Unanswerable refused) {
            if (refused.tooLong() && !allowMissing) {
                throw RpoException.data(cannotAsk(model, endpoint) + "the longest question ("
                        + asking.question().key() + ", " + characters + " characters) is too long for it: "
                        + refused.why() + ". Name a judge that reads more, or leave out such questions with"
                        + " rpo.judge.allow-missing = true.");
            }
            sink.failed(asking, refused.why());
            return;
        }
        requireAnswer(outcome);
        Answer answer = ((Answered) outcome).answer();
        if (answer.promptTokens() > 0 && characters > MOST_CHARACTERS_PER_TOKEN * answer.promptTokens()) {
            throw RpoException.configuration(cannotAsk(model, endpoint) + "of the longest question ("
                    + asking.question().key() + ", " + characters + " characters) it has read "
                    + answer.promptTokens() + " tokens, so it seems to cut what does not fit into its context."
                    + " Give the server a longer context.");
        }
        sink.answered(asking, answer);
    }

    private Outcome ask(Question question, LengthField length, int most) throws InterruptedException {
        return new EndpointAttempts(endpoint, most, pace)
                .of(ChatCompletions.request(model, question, length).toString());
    }

    private void requireAnswer(Outcome outcome) throws InterruptedException {
        if (outcome instanceof Hopeless hopeless) {
            throw new RpoException(
                    hopeless.kind(), cannotAsk(model, endpoint) + hopeless.why() + ". " + hopeless.remedy());
        }
        if (outcome instanceof Again again) {
            throw again.fault() == Fault.UNREADABLE
                    ? RpoException.configuration(cannotAsk(model, endpoint) + again.why()
                            + ". Check rpo.judge.endpoint.url, which often ends in /v1.")
                    : new RpoException(
                            Kind.RETRYABLE,
                            cannotAsk(model, endpoint) + again.why()
                                    + ". Check that the server runs and rpo.judge.endpoint.url is its address, and run"
                                    + " the command again.");
        }
    }
}
