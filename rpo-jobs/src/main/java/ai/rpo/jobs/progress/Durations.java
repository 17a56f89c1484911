package ai.rpo.jobs.progress;

import java.time.Duration;
import java.util.Locale;

/** Durations as people say them. */
public final class Durations {

    private Durations() {}

    /** Such as {@code 0.4 s}, {@code 12 s}, {@code 3 min 5 s}, {@code 2 h 40 min}. */
    public static String text(Duration duration) {
        long seconds = duration.toSeconds();
        if (seconds < 10) {
            return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
        }
        if (seconds < 60) {
            return seconds + " s";
        }
        if (seconds < 3600) {
            return seconds / 60 + " min " + seconds % 60 + " s";
        }
        return seconds / 3600 + " h " + seconds % 3600 / 60 + " min";
    }
}
