package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.jobs.report.ReportStage;
import ai.rpo.spark.train.TrainingListener;
import java.time.Duration;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Draws a run's report at its checkpoints, so that whoever waits sees how far it is. Drawing takes a twentieth of the time of
 * training at most, and nothing is drawn in the first seconds.
 */
final class LiveReport implements TrainingListener {

    private static final int SHARE = 20;
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Path run;
    private final Configuration hadoop;
    private long notBefore;

    LiveReport(Path run, Configuration hadoop) {
        this(run, hadoop, PATIENCE);
    }

    /** @param patience until the first page */
    LiveReport(Path run, Configuration hadoop, Duration patience) {
        this.run = run;
        this.hadoop = hadoop;
        notBefore = System.nanoTime() + patience.toNanos();
    }

    @Override
    public void checkpoint(long step) {
        long began = System.nanoTime();
        if (began - notBefore < 0) {
            return;
        }
        new ReportStage(hadoop).run(run, Progress.NONE);
        long ended = System.nanoTime();
        notBefore = ended + SHARE * (ended - began);
    }
}
