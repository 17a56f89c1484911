package ai.rpo.core.score;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.tensor.Precision;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;

/**
 * Holds what a score depends on beside the row: under equal identities the same row has the same score, to rounding.
 * The processor and the kernels are no part of it, so that machines of all kinds share their scores.
 *
 * @param weights hash of the model's configuration and weights
 * @param adapter hash of the adapter on top of them; empty where there is none
 * @param precision to what matrix products may round their inputs
 */
public record ScoreIdentity(String weights, String adapter, Precision precision) implements Serializable {

    /**
     * Must be raised by hand with every change that alters results on purpose, so that older scores are not used again.
     */
    public static final int NUMERICS_VERSION = 2;

    private static final int KEY_BYTES = 16;

    public ScoreIdentity {
        Objects.requireNonNull(weights, "weights");
        Objects.requireNonNull(adapter, "adapter");
        Objects.requireNonNull(precision, "precision");
    }

    /** 32 hexadecimal digits; equal for equal identities under the same numerics version. */
    public String digest() {
        return HexFormat.of().formatHex(shortened(hash(0)));
    }

    /**
     * The key of a row: {@value #KEY_BYTES} bytes of a hash over this identity, the token ids, and which of them are
     * scored.
     */
    public byte[] key(Example example) {
        MessageDigest sha = hash(1);
        update(sha, example.prompt());
        example.completions().forEach(completion -> update(sha, completion));
        return shortened(sha);
    }

    private MessageDigest hash(int purpose) {
        String text = String.join(
                "\n", String.valueOf(purpose), String.valueOf(NUMERICS_VERSION), weights, adapter, precision.key(), "");
        MessageDigest sha = sha256();
        sha.update(text.getBytes(StandardCharsets.UTF_8));
        return sha;
    }

    /** The length goes first, so that the same ids cut elsewhere have another hash. */
    private static void update(MessageDigest sha, int[] ids) {
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * (1 + ids.length));
        bytes.putInt(ids.length);
        bytes.asIntBuffer().put(ids);
        sha.update(bytes.array());
    }

    private static byte[] shortened(MessageDigest sha) {
        return Arrays.copyOf(sha.digest(), KEY_BYTES);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }
}
