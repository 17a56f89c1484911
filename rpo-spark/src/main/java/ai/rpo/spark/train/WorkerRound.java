package ai.rpo.spark.train;

import ai.rpo.core.loss.NonFiniteException;
import ai.rpo.core.loss.StepMetrics;
import ai.rpo.core.train.PolicyNetwork;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.TaskCompletionListener;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import scala.Tuple2;

/**
 * One worker's part of a round: start from the common state, take some optimizer steps, hand in the own state.
 *
 * <p>A partition holds one worker's batches of an epoch in the order of its steps. A run of the task depends on nothing
 * but its arguments, so Spark may repeat it.
 */
final class WorkerRound implements Function2<Integer, Iterator<MultiDataSet>, Iterator<Tuple2<Integer, RoundOutput>>> {

    private static final long serialVersionUID = 1L;

    /** The key of reports; chunks of state have keys from 0. */
    static final int REPORT = -1;

    private final RoundPlan plan;
    private final Broadcast<NetworkState> state;

    WorkerRound(RoundPlan plan, Broadcast<NetworkState> state) {
        this.plan = plan;
        this.state = state;
    }

    @Override
    public Iterator<Tuple2<Integer, RoundOutput>> call(Integer worker, Iterator<MultiDataSet> batches) {
        IdleNetworks networks = IdleNetworks.ofThisJvm();
        PolicyNetwork network = networks.borrow(plan.run(), plan.configuration());
        TaskContext.get()
                .addTaskCompletionListener((TaskCompletionListener) context -> networks.giveBack(plan.run(), network));
        state.value().applyTo(network);
        network.setStep(plan.firstStep());
        RoundOutput.Report report = train(worker, network, batches);
        long pairs = report.steps().stream().mapToLong(StepMetrics::examples).sum();
        Stream<Tuple2<Integer, RoundOutput>> chunks = pairs == 0 || report.problem() != null
                ? Stream.of()
                : IntStream.range(0, NetworkState.chunkCount(network))
                        .mapToObj(i -> new Tuple2<>(
                                i, new RoundOutput.Contribution(worker, pairs, NetworkState.read(network, i))));
        return Stream.concat(Stream.of(new Tuple2<Integer, RoundOutput>(REPORT, report)), chunks)
                .iterator();
    }

    private RoundOutput.Report train(int worker, PolicyNetwork network, Iterator<MultiDataSet> batches) {
        List<StepMetrics> steps = new ArrayList<>();
        List<Double> seconds = new ArrayList<>();
        String problem = null;
        for (long skipped = 0; skipped < plan.firstStepOfEpoch() && batches.hasNext(); skipped++) {
            batches.next();
        }
        while (problem == null && steps.size() < plan.steps() && batches.hasNext()) {
            long start = System.nanoTime();
            try {
                StepMetrics metrics = network.step(batches.next());
                seconds.add((System.nanoTime() - start) / 1e9);
                steps.add(metrics);
                problem = plan.firstMargin().problem(plan.firstStep() + steps.size() - 1, metrics);
            } catch (NonFiniteException e) {
                problem = "step " + (plan.firstStep() + steps.size() + 1) + ": " + e.getMessage();
            }
        }
        return new RoundOutput.Report(worker, plan.firstStep(), steps, seconds, problem);
    }
}
