package ai.rpo.spark.prepare;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Decides which prompts are held out for evaluation: decided by the prompt alone, so all its rows go the same way,
 * always.
 */
public final class HeldOutPrompts {

    private static final double RANGE = 0x1p53;

    private HeldOutPrompts() {}

    /**
     * Tells whether a prompt is held out.
     *
     * @param prompt token ids
     * @param fraction share of all prompts that is held out
     */
    public static boolean contains(int[] prompt, double fraction) {
        if (fraction == 0) {
            return false;
        }
        ByteBuffer bytes = ByteBuffer.allocate(prompt.length * Integer.BYTES);
        bytes.asIntBuffer().put(prompt);
        long uniform = ByteBuffer.wrap(sha256().digest(bytes.array())).getLong() >>> 11;
        return uniform < fraction * RANGE;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
