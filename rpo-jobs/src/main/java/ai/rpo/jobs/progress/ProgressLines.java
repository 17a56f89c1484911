package ai.rpo.jobs.progress;

import java.io.PrintStream;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;

/** A line about the step at hand every ten seconds, and one when it is done, if it took that long. */
final class ProgressLines implements Display {

    private static final Duration PAUSE = Duration.ofSeconds(10);

    private final PrintStream out;
    private final Clock clock;
    private String step = "";
    private long beganAt;
    private long lastDone;
    private Instant began = Instant.EPOCH;
    private Instant printed = Instant.EPOCH;

    ProgressLines(PrintStream out, Clock clock) {
        this.out = out;
        this.clock = clock;
    }

    @Override
    public synchronized void update(String what, long done, long total) {
        Instant now = clock.instant();
        if (!what.equals(step)) {
            step = what;
            beganAt = done;
            lastDone = done;
            began = now;
            printed = now;
            return;
        }
        boolean overdue = !now.isBefore(printed.plus(PAUSE));
        boolean finished = done == total && done != lastDone && printed.isAfter(began);
        lastDone = done;
        if (overdue || finished) {
            printed = now;
            out.println(line(done, total, Duration.between(began, now)));
        }
    }

    @Override
    public void close() {
        // Lines do not move.
    }

    private String line(long done, long total, Duration elapsed) {
        String text = String.format(Locale.ROOT, "%-16s %,d", step, done);
        if (total <= 0) {
            return text + ", " + Durations.text(elapsed);
        }
        text += String.format(Locale.ROOT, " of %,d (%d %%), %s", total, 100 * done / total, Durations.text(elapsed));
        if (done <= beganAt || done >= total) {
            return text;
        }
        Duration left = Duration.ofMillis(elapsed.toMillis() * (total - done) / (done - beganAt));
        return text + ", " + Durations.text(left) + " left";
    }
}
