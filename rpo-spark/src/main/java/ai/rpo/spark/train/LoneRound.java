package ai.rpo.spark.train;

import ai.rpo.core.RpoException;
import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.core.loss.StepMetrics;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.spark.runtime.ExecutorRuntime;
import ai.rpo.spark.train.RoundJobs.Care;
import ai.rpo.spark.train.WorkerReport.Problem;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.util.LongAccumulator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains where there is one worker and it shares the driver's JVM: the worker's network is the driver's, and no state is copied
 * or sent.
 *
 * <p>A step whose numbers are not finite leaves the state as it was, and is tried once more. Where a task fails or is given up in
 * the middle of a step, the state is torn, and the last checkpoint is what there is to go on from.
 */
final class LoneRound implements Round {

    private static final Logger LOG = LoggerFactory.getLogger(LoneRound.class);

    private final JavaSparkContext spark;
    private final NetworkState state;
    private final Care care;

    LoneRound(JavaSparkContext spark, NetworkState state, Care care) {
        this.spark = spark;
        this.state = state;
        this.care = care;
    }

    @Override
    public Result run(JavaRDD<List<TrainingExample>> workers, RoundPlan plan) {
        long began = System.nanoTime();
        List<StepMetrics> steps = new ArrayList<>();
        List<Double> seconds = new ArrayList<>();
        WorkerReport part;
        int failures = 0;
        do {
            part = attempt(workers, plan.after(steps.size()));
            steps.addAll(part.steps());
            seconds.addAll(part.seconds());
            failures = part.steps().isEmpty() ? failures + 1 : 1;
        } while (isDoneAgain(part, failures));
        WorkerReport whole = new WorkerReport(part.worker(), part.host(), null, steps, seconds, 0, part.problem());
        RoundTimes times = RoundTimes.of((System.nanoTime() - began) / 1e9, List.of(whole), List.of(), 0, 0);
        return new Result(List.of(whole), times, whole.trouble().map(problem -> whole.refusal()));
    }

    private static boolean isDoneAgain(WorkerReport part, int failures) {
        Problem problem = part.problem();
        if (problem == null || failures >= RoundFailure.ATTEMPTS) {
            return false;
        }
        LOG.warn("A step is rejected and done again: {}", problem.text());
        return true;
    }

    /** @throws RpoException if the first margin is wrong or the task failed, and then nobody may use the state */
    private WorkerReport attempt(JavaRDD<List<TrainingExample>> workers, RoundPlan plan) {
        state.change();
        try (RoundJobs jobs = new RoundJobs(spark, plan, care, () -> {})) {
            List<WorkerReport> reports = jobs.await(
                    "worker",
                    () -> workers.mapPartitionsWithIndex(new Worker(plan, jobs.progress()), true)
                            .collectAsync());
            WorkerReport report = reports.get(0);
            if (report.trouble().filter(problem -> !problem.mayPass()).isPresent()) {
                throw report.refusal();
            }
            state.changed();
            return report;
        } catch (RoundFailure e) {
            throw e.inTheEnd();
        }
    }

    /** Goes on with the network as it is. */
    private record Worker(RoundPlan plan, LongAccumulator progress)
            implements Function2<Integer, Iterator<List<TrainingExample>>, Iterator<WorkerReport>> {

        @Override
        public Iterator<WorkerReport> call(Integer worker, Iterator<List<TrainingExample>> batches) {
            PolicyNetwork network = ExecutorRuntime.ofThisJvm()
                    .borrow(plan.role())
                    .untilTaskEnds()
                    .worker();
            WorkerSteps.skip(plan, batches);
            WorkerSteps taken = WorkerSteps.take(plan, network, batches, progress);
            return List.of(WorkerReport.of(worker, taken, null, 0)).iterator();
        }
    }
}
