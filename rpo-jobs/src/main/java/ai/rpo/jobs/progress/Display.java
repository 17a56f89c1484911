package ai.rpo.jobs.progress;

import ai.rpo.core.Progress;
import java.time.Clock;

/** Shows progress to whoever sits before the screen, or reads the log later. */
public interface Display extends Progress, AutoCloseable {

    /** Takes away what moves, so that a line can be printed; the next update brings it back. */
    @Override
    void close();

    /** A moving bar in a terminal; a line now and then where output goes to a file. */
    static Display onStandardError() {
        boolean watched = System.console() != null && !"dumb".equals(System.getenv("TERM"));
        return watched ? new ProgressBars() : new ProgressLines(System.err, Clock.systemUTC());
    }
}
