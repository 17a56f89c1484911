package ai.rpo.spark.generate;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Seeds that depend on what a prompt says and not on where it stands. */
public final class PromptSeeds {

    private PromptSeeds() {}

    /**
     * @param seed of the whole run
     * @param sample which completion of the prompt, from 0
     */
    public static long of(long seed, int[] prompt, int sample) {
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES + Integer.BYTES * (prompt.length + 1));
        bytes.putLong(seed).putInt(sample);
        bytes.asIntBuffer().put(prompt);
        try {
            return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(bytes.array()))
                    .getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
