package ai.rpo.spark.train;

import ai.rpo.core.RpoException;
import ai.rpo.core.loss.StepMetrics;
import ai.rpo.core.train.PolicyNetwork;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.deeplearning4j.core.loader.DataSetLoader;
import org.deeplearning4j.core.loader.MultiDataSetLoader;
import org.deeplearning4j.core.storage.StatsStorageRouter;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.spark.api.TrainingHook;
import org.deeplearning4j.spark.api.TrainingMaster;
import org.deeplearning4j.spark.api.stats.SparkTrainingStats;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingResult;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingWorker;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import scala.Tuple2;

/**
 * Synchronous parameter averaging behind Spark-DL4J's {@link TrainingMaster}.
 *
 * <p>One partition of the training data is one worker; a round sends parameters and optimizer state to every worker,
 * lets each take its steps, and sets the network to the mean of what comes back, weighted by pairs. Chunks are averaged
 * on the cluster and fetched one partition at a time, so no message grows with the model.
 *
 * <p>Differs from DL4J's own master in that batches are assigned beforehand instead of by repartitioning, nothing is
 * dropped, and optimizer state is always kept.
 */
final class AveragingMaster
        implements TrainingMaster<ParameterAveragingTrainingResult, ParameterAveragingTrainingWorker> {

    /** Chunks that the driver fetches at once: 128 MB. */
    private static final int CHUNKS_PER_FETCH = 8;

    private final String run;
    private final long stepsPerEpoch;
    private final int stepsPerRound;
    private final FirstMargin firstMargin;
    private final RoundListener listener;
    private long step;

    /**
     * @param run unique name of the training run
     * @param stepsPerEpoch optimizer steps in the data that one call trains on
     * @param stepsPerRound optimizer steps between averages; a round also ends with its epoch
     * @param firstStep optimizer steps already taken
     */
    AveragingMaster(
            String run,
            long stepsPerEpoch,
            int stepsPerRound,
            long firstStep,
            FirstMargin firstMargin,
            RoundListener listener) {
        this.run = run;
        this.stepsPerEpoch = stepsPerEpoch;
        this.stepsPerRound = stepsPerRound;
        this.step = firstStep;
        this.firstMargin = firstMargin;
        this.listener = listener;
    }

    /** Told of every round on the driver, in order. */
    interface RoundListener {

        /**
         * @param firstStep optimizer step of the first entry, from 0
         * @param steps metrics of each step, all workers joined
         * @param seconds computing time of each step, of the slowest worker
         */
        void afterRound(long firstStep, List<StepMetrics> steps, List<Double> seconds);
    }

    /** Runs one epoch. */
    @Override
    public void executeTrainingMDS(SparkComputationGraph graph, JavaRDD<MultiDataSet> workers) {
        PolicyNetwork network = new PolicyNetwork(graph.getNetwork());
        String configuration = graph.getNetwork().getConfiguration().toJson();
        for (long done = 0; done < stepsPerEpoch; done += stepsPerRound) {
            long steps = Math.min(stepsPerRound, stepsPerEpoch - done);
            RoundPlan plan = new RoundPlan(run, configuration, step, done, steps, firstMargin);
            round(graph.getSparkContext(), network, workers, plan);
            step += steps;
        }
        network.setStep(step);
    }

    private void round(JavaSparkContext spark, PolicyNetwork network, JavaRDD<MultiDataSet> workers, RoundPlan plan) {
        Broadcast<NetworkState> state = spark.broadcast(NetworkState.of(network));
        try {
            int chunks = NetworkState.chunkCount(network);
            JavaPairRDD<Integer, RoundOutput> averaged = workers.mapPartitionsWithIndex(
                            new WorkerRound(plan, state), false)
                    .mapToPair(output -> output)
                    .groupByKey(1 + chunks / CHUNKS_PER_FETCH)
                    .flatMapToPair(AveragingMaster::average);
            List<RoundOutput.Report> reports = new ArrayList<>();
            Iterator<Tuple2<Integer, RoundOutput>> outputs = averaged.toLocalIterator();
            while (outputs.hasNext()) {
                Tuple2<Integer, RoundOutput> output = outputs.next();
                if (output._2() instanceof RoundOutput.Report report) {
                    reports.add(report);
                } else if (output._2() instanceof RoundOutput.Contribution mean) {
                    NetworkState.write(network, output._1(), mean.chunk());
                }
            }
            refuse(reports);
            report(plan, reports);
        } finally {
            state.destroy();
        }
    }

    /** Reports pass through; the contributions to a chunk become their mean, summed in the order of the workers. */
    private static Iterator<Tuple2<Integer, RoundOutput>> average(Tuple2<Integer, Iterable<RoundOutput>> group) {
        List<RoundOutput> outputs = new ArrayList<>();
        group._2().forEach(outputs::add);
        outputs.sort(Comparator.comparingInt(RoundOutput::worker));
        if (group._1() == WorkerRound.REPORT) {
            return outputs.stream().map(o -> new Tuple2<>(group._1(), o)).iterator();
        }
        List<RoundOutput.Contribution> parts =
                outputs.stream().map(RoundOutput.Contribution.class::cast).toList();
        return List.of(new Tuple2<Integer, RoundOutput>(group._1(), WeightedMean.of(parts)))
                .iterator();
    }

    private static void refuse(List<RoundOutput.Report> reports) {
        for (RoundOutput.Report report : reports) {
            if (report.problem() != null) {
                throw RpoException.data("Cannot go on training: worker " + report.worker() + ", " + report.problem()
                        + ". The checkpoint of the last finished epoch is kept.");
            }
        }
    }

    private void report(RoundPlan plan, List<RoundOutput.Report> reports) {
        int steps = reports.stream().mapToInt(r -> r.steps().size()).max().orElse(0);
        List<StepMetrics> joined = new ArrayList<>();
        List<Double> seconds = new ArrayList<>();
        for (int i = 0; i < steps; i++) {
            StepMetrics metrics = new StepMetrics();
            double slowest = 0;
            for (RoundOutput.Report report : reports) {
                if (i < report.steps().size()) {
                    metrics.join(report.steps().get(i));
                    slowest = Math.max(slowest, report.seconds().get(i));
                }
            }
            joined.add(metrics);
            seconds.add(slowest);
        }
        listener.afterRound(plan.firstStep(), joined, seconds);
    }

    @Override
    public String toJson() {
        return "{\"run\":\"" + run + "\",\"stepsPerRound\":" + stepsPerRound + "}";
    }

    @Override
    public String toYaml() {
        return toJson();
    }

    @Override
    public void addHook(TrainingHook hook) {
        throw unsupported("hooks");
    }

    @Override
    public void removeHook(TrainingHook hook) {
        throw unsupported("hooks");
    }

    @Override
    public ParameterAveragingTrainingWorker getWorkerInstance(SparkDl4jMultiLayer network) {
        throw unsupported("multi-layer networks");
    }

    @Override
    public ParameterAveragingTrainingWorker getWorkerInstance(SparkComputationGraph graph) {
        throw unsupported("DL4J's workers");
    }

    @Override
    public void executeTraining(SparkDl4jMultiLayer network, JavaRDD<DataSet> data) {
        throw unsupported("multi-layer networks");
    }

    @Override
    public void executeTraining(SparkComputationGraph graph, JavaRDD<DataSet> data) {
        throw unsupported("single-array data sets");
    }

    @Override
    public void executeTrainingPaths(
            SparkDl4jMultiLayer network,
            SparkComputationGraph graph,
            JavaRDD<String> paths,
            DataSetLoader loader,
            MultiDataSetLoader multiLoader) {
        throw unsupported("data sets saved as files");
    }

    @Override
    public void setCollectTrainingStats(boolean collect) {
        if (collect) {
            throw unsupported("DL4J's training statistics");
        }
    }

    @Override
    public boolean getIsCollectTrainingStats() {
        return false;
    }

    @Override
    public SparkTrainingStats getTrainingStats() {
        return null;
    }

    @Override
    public void setListeners(Collection<TrainingListener> listeners) {
        throw unsupported("DL4J's listeners");
    }

    @Override
    public void setListeners(StatsStorageRouter router, Collection<TrainingListener> listeners) {
        throw unsupported("DL4J's listeners");
    }

    /** Nothing is written to temporary files. */
    @Override
    public boolean deleteTempFiles(JavaSparkContext spark) {
        return true;
    }

    @Override
    public boolean deleteTempFiles(SparkContext spark) {
        return true;
    }

    private static UnsupportedOperationException unsupported(String what) {
        return new UnsupportedOperationException("This training master has no use for " + what + ".");
    }
}
