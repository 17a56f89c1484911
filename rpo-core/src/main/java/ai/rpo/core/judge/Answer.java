package ai.rpo.core.judge;

import java.io.Serializable;
import java.util.List;
import java.util.Objects;

/**
 * Holds what a judge answered, as it did.
 *
 * @param text empty where there is none
 * @param topLogprobs the likeliest first tokens of the answer, in the judge's own spelling; empty where nobody asked
 *     for them or the judge left them out
 * @param finish why the answer ended
 * @param note what else there is to know: the words of a refusal, or why there is no answer; empty for nothing
 * @param model as the judge names itself; empty where it does not
 * @param promptTokens as the judge counts them; 0 where it does not
 * @param completionTokens as the judge counts them; 0 where it does not
 */
public record Answer(
        String text,
        List<TokenLogprob> topLogprobs,
        Finish finish,
        String note,
        String model,
        long promptTokens,
        long completionTokens)
        implements Serializable {

    /** Says why an answer ended. */
    public enum Finish {
        /** The judge said all that it had to say. */
        STOP,
        /** The answer reached its greatest length. */
        LENGTH,
        /** The judge refused; {@code note} has its words. */
        REFUSAL,
        /** A filter withheld the answer. */
        CONTENT_FILTER,
        /** There is no answer; {@code note} says why. The same question is asked again by the next run. */
        FAILED
    }

    /**
     * One token that the answer could have begun with.
     *
     * @param logprob in nats
     */
    public record TokenLogprob(String token, double logprob) implements Serializable {}

    public Answer {
        Objects.requireNonNull(text, "text");
        Objects.requireNonNull(finish, "finish");
        Objects.requireNonNull(note, "note");
        Objects.requireNonNull(model, "model");
        topLogprobs = List.copyOf(topLogprobs);
    }

    /** An answer that a judge did not give. */
    public static Answer failed(String why) {
        return new Answer("", List.of(), Finish.FAILED, why, "", 0, 0);
    }
}
