package ai.rpo.spark.train;

import ai.rpo.core.RpoException;
import ai.rpo.core.loss.TrainingExample;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;

/** Takes some optimizer steps with every worker, after which the driver's state is the one they reached together. */
interface Round {

    /**
     * Runs one round.
     *
     * @param workers the whole epoch; a partition holds one worker's optimizer batches in order
     * @throws RpoException if the round failed too often, and then the driver's state is as it was before, or
     *     {@linkplain NetworkState#isWhole torn}
     */
    Result run(JavaRDD<List<TrainingExample>> workers, RoundPlan plan);

    /**
     * Says how a round went.
     *
     * @param reports in the order of the workers
     * @param refusal why training cannot go on after the steps that were taken, if it cannot
     */
    record Result(List<WorkerReport> reports, RoundTimes times, Optional<RpoException> refusal) {

        /** Optimizer steps that the state has gone forward. */
        int steps() {
            return reports.stream()
                    .mapToInt(report -> report.steps().size())
                    .max()
                    .orElse(0);
        }
    }
}
