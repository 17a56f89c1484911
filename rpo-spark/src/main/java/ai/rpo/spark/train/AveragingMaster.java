package ai.rpo.spark.train;

import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.core.loss.StepMetrics;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.train.OuterSettings;
import ai.rpo.spark.train.RoundJobs.Care;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
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

/**
 * Synchronous parameter averaging behind Spark-DL4J's {@link TrainingMaster}: an epoch is a sequence of rounds. One partition
 * of the training data is one worker.
 *
 * <p>Differs from DL4J's own master in that batches are assigned beforehand instead of by repartitioning, nothing is
 * dropped, optimizer state is always kept, and states move as bytes.
 */
final class AveragingMaster
        implements TrainingMaster<ParameterAveragingTrainingResult, ParameterAveragingTrainingWorker>, AutoCloseable {

    private final JavaSparkContext spark;
    private final Plan plan;
    private final NetworkState driver;
    private final Optional<NearNetworks> near;
    private final CommonState state;
    private final RoundListener listener;
    private JavaRDD<List<TrainingExample>> epoch;
    private long step;

    /**
     * @param firstStep optimizer steps already taken
     * @param driver state of the network that will be trained; nobody else changes it until {@link #close}
     * @param near networks of workers in this JVM, the first of which has that state; empty if they are elsewhere
     */
    AveragingMaster(
            JavaSparkContext spark,
            Plan plan,
            long firstStep,
            NetworkState driver,
            Optional<NearNetworks> near,
            RoundListener listener) {
        this.spark = spark;
        this.plan = plan;
        this.driver = driver;
        this.near = near;
        near.ifPresent(NearNetworks::spread); // once: every round ends with one state in all of them
        this.state = new CommonState(spark, driver);
        this.step = firstStep;
        this.listener = listener;
    }

    /**
     * @param role how a worker trains
     * @param stepsPerEpoch optimizer steps in the data that one call trains on
     * @param stepsPerRound optimizer steps between averages; a round also ends with its epoch
     * @param patience how long no worker may give a sign; zero for ever
     * @param outer what is done with an average
     */
    record Plan(
            TrainingRole role,
            long stepsPerEpoch,
            int stepsPerRound,
            Duration patience,
            OuterSettings outer,
            FirstMargin firstMargin) {

        private Optional<OuterStep> outerStep() {
            return outer.hasMomentum()
                    ? Optional.of(new OuterStep(outer.learningRate(), outer.momentum()))
                    : Optional.empty();
        }
    }

    /** Told on the driver how training goes. */
    interface RoundListener {

        /** @param step optimizer steps that the workers have taken, on average, or a little fewer */
        void during(long step);

        /**
         * @param firstStep optimizer step of the first entry, from 0
         * @param steps metrics of each step, all workers joined
         * @param seconds computing time of each step, of the slowest worker
         * @return whether to go on
         */
        boolean afterRound(long firstStep, List<StepMetrics> steps, List<Double> seconds, RoundTimes times);
    }

    /**
     * Trains a network on the rest of one epoch, or less if the listener has had enough.
     *
     * @param network whose state this master was made with
     * @param batches the whole epoch; a partition holds one worker's optimizer batches in order
     */
    void train(PolicyNetwork network, JavaRDD<List<TrainingExample>> batches) {
        epoch = batches;
        new SparkComputationGraph(spark, network.graph(), this).fitMultiDataSet(spark.emptyRDD());
    }

    /** Is called by {@link SparkComputationGraph}; the batches are those of {@link #train}, which are no arrays of ND4J's. */
    @Override
    public void executeTrainingMDS(SparkComputationGraph graph, JavaRDD<MultiDataSet> none) {
        JavaRDD<List<TrainingExample>> workers = epoch;
        int count = workers.getNumPartitions();
        Care care = new Care(
                plan.patience(), taken -> listener.during(step + Math.min(taken / count, plan.stepsPerRound())));
        Round round = near.<Round>map(networks -> new NearRound(spark, networks, driver, care))
                .orElseGet(() -> new AveragingRound(spark, state, plan.outerStep(), care));
        long done = step % plan.stepsPerEpoch();
        boolean goesOn = true;
        while (goesOn && done < plan.stepsPerEpoch()) {
            long steps = Math.min(plan.stepsPerRound(), plan.stepsPerEpoch() - done);
            Round.Result result = round.run(workers, new RoundPlan(plan.role(), step, done, steps, plan.firstMargin()));
            int taken = result.steps();
            step += taken;
            done += taken;
            driver.setStep(step);
            goesOn = taken == 0 || report(step - taken, result);
            if (result.refusal().isPresent()) {
                throw result.refusal().get();
            }
        }
    }

    /** Takes the state away from the executors; the driver keeps it. */
    @Override
    public void close() {
        state.close();
    }

    private boolean report(long firstStep, Round.Result result) {
        List<WorkerReport> reports = result.reports();
        int steps = result.steps();
        List<StepMetrics> joined = new ArrayList<>();
        List<Double> seconds = new ArrayList<>();
        for (int i = 0; i < steps; i++) {
            StepMetrics metrics = new StepMetrics();
            double slowest = 0;
            for (WorkerReport report : reports) {
                if (i < report.steps().size()) {
                    metrics.join(report.steps().get(i));
                    slowest = Math.max(slowest, report.seconds().get(i));
                }
            }
            joined.add(metrics);
            seconds.add(slowest);
        }
        return listener.afterRound(firstStep, joined, seconds, result.times());
    }

    @Override
    public String toJson() {
        return "{\"run\":\"" + plan.role().run() + "\",\"stepsPerRound\":" + plan.stepsPerRound() + "}";
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
