package ai.rpo.spark.train;

import ai.rpo.core.Progress;
import ai.rpo.core.loss.StepMetrics;
import ai.rpo.core.train.LearningRateSchedule;
import ai.rpo.core.train.MetricsLine;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes down each round: a line a step in {@code metrics.jsonl}, how far training is, and checkpoints where they are
 * due.
 */
final class TrainingJournal implements AveragingMaster.RoundListener {

    private static final Logger LOG = LoggerFactory.getLogger(TrainingJournal.class);

    private final Plan plan;
    private final MetricsLog log;
    private final LearningRateSchedule rate;
    private final CheckpointWriter checkpoints;
    private final TrainingListener listener;
    private final Progress progress;
    private long step;

    /** @param firstStep optimizer steps already taken */
    TrainingJournal(
            Plan plan,
            long firstStep,
            MetricsLog log,
            LearningRateSchedule rate,
            CheckpointWriter checkpoints,
            TrainingListener listener,
            Progress progress) {
        this.plan = plan;
        this.step = firstStep;
        this.log = log;
        this.rate = rate;
        this.checkpoints = checkpoints;
        this.listener = listener;
        this.progress = progress;
    }

    /**
     * @param totalSteps optimizer steps of the whole run
     * @param checkpointEvery steps between two checkpoints besides those at the end of an epoch; 0 for none
     */
    record Plan(long stepsPerEpoch, long totalSteps, int checkpointEvery) {}

    @Override
    public void during(long doneSteps) {
        progress.update("train", doneSteps, plan.totalSteps());
    }

    @Override
    public boolean afterRound(long firstStep, List<StepMetrics> steps, List<Double> seconds, RoundTimes times) {
        List<Map<String, Object>> lines = new ArrayList<>();
        for (int i = 0; i < steps.size(); i++) {
            long at = firstStep + i;
            double epoch = (double) (at + 1) / plan.stepsPerEpoch();
            lines.add(MetricsLine.of(at + 1, epoch, rate.at(at), steps.get(i), seconds.get(i)));
        }
        Map<String, Object> last = lines.get(lines.size() - 1);
        last.putAll(times.toMap());
        long before = step;
        step = firstStep + steps.size();
        boolean due = isDue(before);
        try {
            if (due) {
                last.putAll(checkpoints.write(epoch(), step));
            }
        } finally {
            lines.forEach(log::add);
        }
        tell(() -> listener.steps(lines));
        if (due) {
            publish();
            tell(() -> listener.checkpoint(step));
        } else {
            log.writeSometimes();
        }
        progress.update("train", step, plan.totalSteps());
        return !isOver();
    }

    /** Whoever listens can do no harm. */
    private static void tell(Runnable what) {
        try {
            what.run();
        } catch (RuntimeException e) {
            LOG.warn("Somebody who was to be told how training goes on failed: {}", e.toString());
        }
    }

    /** Optimizer steps taken. */
    long step() {
        return step;
    }

    boolean isOver() {
        return step >= plan.totalSteps() || !checkpoints.isWorthGoingOn();
    }

    /**
     * Keeps, when training cannot go on, the state and the lines that it had reached, without measuring it.
     *
     * @return a sentence on what is kept
     */
    String rescue() {
        try {
            if (step > checkpoints.lastStep()) {
                checkpoints.writeUnmeasured(epoch(), step);
                publish();
            } else {
                flush();
            }
        } catch (RuntimeException e) {
            LOG.warn("The state after step {} could not be kept: {}", step, e.getMessage());
        }
        long kept = checkpoints.lastStep();
        return kept == 0
                ? "There is no checkpoint yet."
                : "The checkpoint of step " + kept + " is kept; the same command goes on from there.";
    }

    /** Writes the lines that wait. */
    void flush() {
        log.write();
    }

    /** A checkpoint counts only once the lines up to its step are there. */
    private void publish() {
        log.write();
        checkpoints.publish();
    }

    private boolean isDue(long before) {
        boolean epochEnds = step % plan.stepsPerEpoch() == 0;
        boolean every = plan.checkpointEvery() > 0 && step / plan.checkpointEvery() > before / plan.checkpointEvery();
        return epochEnds || every;
    }

    private int epoch() {
        return (int) (step / plan.stepsPerEpoch());
    }
}
