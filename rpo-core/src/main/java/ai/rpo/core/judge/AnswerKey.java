package ai.rpo.core.judge;

import ai.rpo.core.preference.Message;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/** Names what an answer depends on, so that it is known again. */
public final class AnswerKey {

    private static final ObjectMapper JSON =
            new ObjectMapper().configure(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS, true);

    private static final int BYTES = 16;

    private AnswerKey() {}

    /**
     * 32 hexadecimal digits: equal for the same messages and options to the same judge under the same protocol, whatever the
     * question's own key is.
     *
     * @param judge as it identifies itself
     * @param protocol for which it is asked
     */
    public static String of(String judge, String protocol, Question question) {
        MessageDigest sha = sha256();
        update(sha, judge);
        update(sha, protocol);
        Question.Options options = question.options();
        update(sha, options.maxTokens() + "\n" + options.temperature() + "\n" + json(options.labels()));
        for (Message message : question.messages()) {
            update(sha, json(message.fields()));
        }
        return HexFormat.of().formatHex(Arrays.copyOf(sha.digest(), BYTES));
    }

    /** 32 hexadecimal digits of a text. */
    public static String of(String text) {
        MessageDigest sha = sha256();
        update(sha, text);
        return HexFormat.of().formatHex(Arrays.copyOf(sha.digest(), BYTES));
    }

    /** The length goes first, so that the same text cut elsewhere has another hash. */
    private static void update(MessageDigest sha, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        sha.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
        sha.update(bytes);
    }

    private static String json(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }
}
