package ai.rpo.core.train;

import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.dl4j.AdamW;
import ai.rpo.core.dl4j.ExampleCodec;
import ai.rpo.core.dl4j.LanguageModel;
import ai.rpo.core.dl4j.LanguageModelLayer;
import ai.rpo.core.dl4j.LearningRateSchedule;
import ai.rpo.core.loss.StepMetrics;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.AdapterConfig;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.Trainable;
import ai.rpo.core.objective.Objective;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.nd4j.Nd4jStorage;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;

/**
 * A model in training: DL4J's {@link ComputationGraph} around the language-model layer, with its updater.
 *
 * <p>What moves between workers is its {@link #parameters()} and {@link #updaterState()}; the step count is set from
 * outside, since a worker's network outlives a round.
 */
public final class PolicyNetwork implements AutoCloseable {

    /** So that a ratio such as 0.29 of 100 steps is 29 of them. */
    private static final double ROUNDING = 1e-9;

    private final ComputationGraph graph;

    /** Around a network made from {@link #configuration}. */
    public PolicyNetwork(ComputationGraph graph) {
        this.graph = graph;
    }

    /**
     * Refuses more parameters than DL4J can update: it adds up the lengths of its optimizer's state in an int ({@code
     * BaseMultiLayerUpdater} of 1.0.0-M2.1), which two moments of 2³⁰ parameters fill.
     *
     * @param trained how many parameters are trained
     * @throws RpoException if they are too many
     */
    public static void requireCountable(long trained, TrainSettings.Optimizer optimizer) {
        int perParameter = optimizer == TrainSettings.Optimizer.ADAMW ? 2 : 1;
        if (trained > Integer.MAX_VALUE / perParameter) {
            throw RpoException.configuration(String.format(
                    Locale.ROOT,
                    "Cannot train %,d parameters with %s: Deeplearning4j counts at most %,d."
                            + " Train an adapter, with rpo.lora.rank, or a smaller model.",
                    trained,
                    optimizer.name().toLowerCase(Locale.ROOT),
                    Integer.MAX_VALUE / perParameter));
        }
    }

    /**
     * A new network with weights of zero.
     *
     * @param objective what its steps minimise
     */
    public static PolicyNetwork create(ComputationGraphConfiguration configuration, Objective objective) {
        PolicyNetwork network = create(configuration);
        network.layer().minimise(objective);
        return network;
    }

    /** A new network with weights of zero, from the configuration of another, which says what is minimised. */
    public static PolicyNetwork create(ComputationGraphConfiguration configuration) {
        ComputationGraph graph = new ComputationGraph(configuration);
        graph.init();
        return new PolicyNetwork(graph);
    }

    /**
     * Of a network that trains all weights.
     *
     * @param modelConfig text of config.json
     * @param totalSteps optimizer steps of the whole run, which the schedule spans
     * @param threads cores that one network may use
     */
    public static ComputationGraphConfiguration configuration(
            String modelConfig, TrainSettings settings, Precision precision, long totalSteps, int threads) {
        return configuration(modelConfig, Optional.empty(), settings, precision, totalSteps, threads);
    }

    /**
     * Of a network that trains what is to be trained; where that is an adapter, the network then needs {@link #freeze}.
     *
     * @param totalSteps optimizer steps of the whole run, which the schedule spans
     * @param threads cores that one network may use
     */
    public static ComputationGraphConfiguration configuration(
            Trainable trainable, TrainSettings settings, Precision precision, long totalSteps, int threads) {
        ModelDirectory start = trainable.start();
        Optional<LanguageModelLayer.Adaptation> adaptation = trainable
                .lora()
                .map(lora -> new LanguageModelLayer.Adaptation(
                        AdapterConfig.text(start.config(), lora, ""), settings.seed()));
        return configuration(start.configJson(), adaptation, settings, precision, totalSteps, threads);
    }

    private static ComputationGraphConfiguration configuration(
            String modelConfig,
            Optional<LanguageModelLayer.Adaptation> adaptation,
            TrainSettings settings,
            Precision precision,
            long totalSteps,
            int threads) {
        LearningRateSchedule rate = schedule(settings, totalSteps);
        IUpdater updater =
                switch (settings.optimizer()) {
                    case ADAMW -> AdamW.withDefaults(rate, threads);
                    case SGD -> new Sgd(rate);
                };
        LanguageModelLayer.Execution execution = new LanguageModelLayer.Execution(
                settings.tokensPerMicroBatch(), settings.recompute(), settings.maxGradNorm(), precision, threads);
        LanguageModelLayer layer =
                new LanguageModelLayer(modelConfig, adaptation, execution, updater, settings.weightDecay());
        return new NeuralNetConfiguration.Builder()
                .dataType(DataType.FLOAT)
                .miniBatch(false)
                .updater(updater)
                .trainingWorkspaceMode(WorkspaceMode.NONE)
                .inferenceWorkspaceMode(WorkspaceMode.NONE)
                .graphBuilder()
                .addInputs("batch")
                .addLayer("lm", layer, "batch")
                .setOutputs("lm")
                .build();
    }

    /** The learning rate of each step, as the network will use it. */
    public static LearningRateSchedule schedule(TrainSettings settings, long totalSteps) {
        return new LearningRateSchedule(
                settings.learningRate(),
                (long) (settings.warmupRatio() * totalSteps + ROUNDING),
                totalSteps,
                switch (settings.schedule()) {
                    case COSINE -> LearningRateSchedule.Decay.COSINE;
                    case LINEAR -> LearningRateSchedule.Decay.LINEAR;
                    case CONSTANT -> LearningRateSchedule.Decay.CONSTANT;
                });
    }

    /**
     * Gives the network of an adapter the weights under it, which several networks may share.
     *
     * @param model the weights for a backend such as the network's
     */
    public void freeze(Function<Backend, Parameters> model) {
        layer().freeze(model);
    }

    public ComputationGraph graph() {
        return graph;
    }

    public Storage parameters() {
        return Nd4jStorage.of(graph.params());
    }

    /** The optimizer's moments; empty for plain SGD. */
    public Optional<Storage> updaterState() {
        INDArray state = graph.getUpdater().getStateViewArray();
        return Optional.ofNullable(state).map(Nd4jStorage::of);
    }

    /** Sets how many optimizer steps lie behind. */
    public void setStep(long step) {
        graph.getConfiguration().setIterationCount(Math.toIntExact(step));
    }

    /** One optimizer step on one batch. */
    public StepMetrics step(List<TrainingExample> batch) {
        return step(ExampleCodec.encode(batch));
    }

    /** One optimizer step on a batch made by {@link ExampleCodec#encode}. */
    public StepMetrics step(org.nd4j.linalg.dataset.api.MultiDataSet batch) {
        graph.fit(batch);
        return layer().lastStep();
    }

    /** Gives back all memory outside the heap that is not shared with other networks. */
    @Override
    public void close() {
        layer().close();
        graph.close();
    }

    private LanguageModel layer() {
        return (LanguageModel) graph.getLayer(0);
    }
}
