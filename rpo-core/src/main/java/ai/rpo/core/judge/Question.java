package ai.rpo.core.judge;

import ai.rpo.core.preference.Message;
import java.io.Serializable;
import java.util.List;
import java.util.Objects;

/**
 * Asks a judge one thing. Equal messages and options are one question to a judge, however many keys it has.
 *
 * @param key by which whoever asks knows the answer again
 * @param messages the conversation that the judge goes on from
 * @param options how it is to answer
 */
public record Question(String key, List<Message> messages, Options options) implements Serializable {

    public Question {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(options, "options");
        messages = List.copyOf(messages);
        if (messages.isEmpty()) {
            throw new IllegalArgumentException("A question needs a message.");
        }
    }

    /**
     * Says how a judge is to answer.
     *
     * @param maxTokens the longest answer, in tokens
     * @param temperature 0 for the likeliest tokens
     * @param labels whose log-probabilities as an answer's first token are wanted; empty where the text is
     */
    public record Options(int maxTokens, double temperature, List<String> labels) implements Serializable {

        public Options {
            labels = List.copyOf(labels);
            if (maxTokens < 1) {
                throw new IllegalArgumentException("An answer of " + maxTokens + " tokens");
            }
        }
    }
}
