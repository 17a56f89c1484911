package ai.rpo.spark.train;

import ai.rpo.core.Progress;
import ai.rpo.core.dl4j.LearningRateSchedule;
import ai.rpo.core.loss.StepMetrics;
import ai.rpo.core.train.MetricsLine;
import java.util.List;
import java.util.Map;

/** Writes down each round: a line a step in {@code metrics.jsonl}, and how far training is. */
final class TrainingJournal implements AveragingMaster.RoundListener {

    private final MetricsLog log;
    private final LearningRateSchedule rate;
    private final long stepsPerEpoch;
    private final long totalSteps;
    private final Progress progress;

    TrainingJournal(MetricsLog log, LearningRateSchedule rate, long stepsPerEpoch, long totalSteps, Progress progress) {
        this.log = log;
        this.rate = rate;
        this.stepsPerEpoch = stepsPerEpoch;
        this.totalSteps = totalSteps;
        this.progress = progress;
    }

    @Override
    public void during(long step) {
        progress.update("train", step, totalSteps);
    }

    @Override
    public void afterRound(long firstStep, List<StepMetrics> steps, List<Double> seconds, RoundTimes times) {
        for (int i = 0; i < steps.size(); i++) {
            long step = firstStep + i;
            Map<String, Object> line = MetricsLine.of(
                    step + 1,
                    (double) (step + 1) / stepsPerEpoch,
                    rate.valueAt((int) step, 0),
                    steps.get(i),
                    seconds.get(i));
            if (i == steps.size() - 1) {
                line.putAll(times.toMap());
            }
            log.add(line);
        }
        log.writeSometimes();
        progress.update("train", firstStep + steps.size(), totalSteps);
    }
}
