package ai.rpo.jobs.progress;

import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A moving bar for the step at hand, with the time it still takes. */
final class ProgressBars implements Display {

    private ProgressBar bar;
    private String step = "";

    @Override
    public synchronized void update(String what, long done, long total) {
        if (bar == null || !step.equals(what)) {
            close();
            step = what;
            bar = new ProgressBarBuilder()
                    .setTaskName(String.format(Locale.ROOT, "%-16s", what))
                    .setInitialMax(Math.max(total, 0))
                    .startsFrom(done, Duration.ZERO) // what an earlier start did says nothing of this one's speed
                    .setStyle(ProgressBarStyle.COLORFUL_UNICODE_BLOCK)
                    .setUpdateIntervalMillis(250)
                    .clearDisplayOnFinish()
                    .build();
        }
        bar.maxHint(total > 0 ? total : -1);
        bar.stepTo(done);
    }

    @Override
    public synchronized void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
