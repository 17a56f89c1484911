package ai.rpo.spark.judge;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Lets requests pass at a steady rate, and more slowly for a while when the server has too much to do. Shared by the
 * threads of one task.
 */
final class Pace {

    /** Bounds how far requests that came late may catch up: a pause of the JVM costs no time then. */
    private static final long SLACK_NANOS = 250_000_000L;

    private static final long SLOWEST_NANOS = 60_000_000_000L;
    private static final double RECOVERY = 0.95;

    private final long usual;
    private long interval;
    private long next;
    private long pausedUntil;

    /**
     * @param perSecond requests
     * @param first when the first may pass
     */
    Pace(double perSecond, Duration first) {
        usual = (long) (1e9 / perSecond);
        interval = usual;
        next = System.nanoTime() + first.toNanos();
        pausedUntil = System.nanoTime();
    }

    /** Returns when a request may be made. */
    void await() throws InterruptedException {
        do {
            long turn = turn();
            for (long left = turn - System.nanoTime(); left > 0; left = turn - System.nanoTime()) {
                TimeUnit.NANOSECONDS.sleep(left);
            }
        } while (isPaused());
    }

    private synchronized long turn() {
        long turn = Math.max(next, System.nanoTime() - SLACK_NANOS);
        next = turn + interval;
        return turn;
    }

    private synchronized boolean isPaused() {
        return pausedUntil - System.nanoTime() > 0;
    }

    /** The server had time for a request. */
    synchronized void answered() {
        interval = Math.max(usual, (long) (interval * RECOVERY));
    }

    /**
     * The server had too much to do.
     *
     * @param wait in which it is left alone
     */
    synchronized void crowded(Duration wait) {
        long now = System.nanoTime();
        if (pausedUntil - now <= 0) { // what was under way meanwhile says nothing new
            interval = Math.max(usual, Math.min(2 * interval, SLOWEST_NANOS));
        }
        if (now + wait.toNanos() - pausedUntil > 0) {
            pausedUntil = now + wait.toNanos();
        }
        if (pausedUntil - next > 0) {
            next = pausedUntil;
        }
    }
}
