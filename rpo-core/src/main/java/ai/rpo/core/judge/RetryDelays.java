package ai.rpo.core.judge;

import java.time.Duration;

/** Says how long to wait before a request is made again, of which the server did not say so itself. */
public final class RetryDelays {

    private static final double FIRST_SECONDS = 0.5;
    private static final double LONGEST_SECONDS = 8;
    private static final double JITTER = 0.25;

    private RetryDelays() {}

    /**
     * Twice as long each time, from half a second to eight, less up to a quarter, so that many who wait do not all come back at
     * once: what OpenAI's own client does.
     *
     * @param retry from 0
     * @param uniform at random in [0, 1)
     */
    public static Duration before(int retry, double uniform) {
        double seconds = Math.min(LONGEST_SECONDS, FIRST_SECONDS * Math.pow(2, retry));
        return Duration.ofNanos((long) (1e9 * seconds * (1 - JITTER * uniform)));
    }
}
