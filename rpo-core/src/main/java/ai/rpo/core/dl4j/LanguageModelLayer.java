package ai.rpo.core.dl4j;

import ai.rpo.core.model.AdapterConfig;
import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ModelConfigParser;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.objective.Objective;
import ai.rpo.core.tensor.Precision;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.deeplearning4j.nn.api.ParamInitializer;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.memory.LayerMemoryReport;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.regularization.WeightDecay;
import org.nd4j.shade.jackson.annotation.JsonAutoDetect;

/**
 * DL4J's configuration of the whole language model as one layer.
 *
 * <p>Its parameters carry Hugging Face's names and lie in the order of {@link ParameterLayout}. Input and labels are
 * those of {@link ExampleCodec}. Serialised to JSON with the network, so it holds plain fields only.
 */
@JsonAutoDetect(
        fieldVisibility = JsonAutoDetect.Visibility.ANY,
        getterVisibility = JsonAutoDetect.Visibility.NONE,
        setterVisibility = JsonAutoDetect.Visibility.NONE,
        isGetterVisibility = JsonAutoDetect.Visibility.NONE)
public final class LanguageModelLayer extends BaseLayer {

    private static final long serialVersionUID = 1L;

    private String modelConfig;
    private String adapterConfig;
    private long dropoutSeed;
    private byte[] objective;
    private int tokensPerMicroBatch;
    private boolean recompute;
    private double maxGradNorm;
    private String precision;
    private int threads;
    private transient ParameterLayout layout;

    private LanguageModelLayer() {} // for deserialisation

    /**
     * @param modelConfig text of the model's config.json
     * @param adaptation what makes an adapter's matrices the parameters, instead of all weights
     * @param execution how a batch is computed
     * @param updater of every parameter
     * @param weightDecay decoupled decay of matrices
     */
    public LanguageModelLayer(
            String modelConfig,
            Optional<Adaptation> adaptation,
            Execution execution,
            IUpdater updater,
            double weightDecay) {
        this.modelConfig = modelConfig;
        adaptation.ifPresent(adapted -> {
            adapterConfig = adapted.adapterConfig();
            dropoutSeed = adapted.dropoutSeed();
        });
        tokensPerMicroBatch = execution.tokensPerMicroBatch();
        recompute = execution.recompute();
        maxGradNorm = execution.maxGradNorm();
        precision = execution.precision().key();
        threads = execution.threads();
        setActivationFn(new ActivationIdentity());
        setIUpdater(updater);
        setRegularization(weightDecay == 0 ? List.of() : List.of(new WeightDecay(weightDecay, true)));
        setRegularizationBias(List.of());
    }

    /**
     * @param adapterConfig text of adapter_config.json
     * @param dropoutSeed of what is dropped
     */
    public record Adaptation(String adapterConfig, long dropoutSeed) {}

    /**
     * @param tokensPerMicroBatch packed rows computed at once
     * @param recompute whether activations are computed again on the way back instead of kept
     * @param maxGradNorm global gradient norm above which the gradient is scaled down; 0 for none
     * @param precision to what products may round their inputs
     * @param threads cores that one network may use
     */
    public record Execution(
            int tokensPerMicroBatch, boolean recompute, double maxGradNorm, Precision precision, int threads) {}

    ModelConfig modelConfig() {
        return ModelConfigParser.parse(modelConfig, "config.json");
    }

    /** DL4J asks for it several times per parameter and step, so it is kept. */
    synchronized ParameterLayout layout() {
        if (layout == null) {
            ModelConfig config = modelConfig();
            layout = lora().map(lora -> ParameterLayout.of(config, lora)).orElseGet(() -> ParameterLayout.of(config));
        }
        return layout;
    }

    Optional<Lora> lora() {
        return Optional.ofNullable(adapterConfig).map(text -> AdapterConfig.parse(text, modelConfig()));
    }

    long dropoutSeed() {
        return dropoutSeed;
    }

    /** What is minimised. */
    Objective objective() {
        return ObjectiveBytes.read(objective);
    }

    void setObjective(Objective what) {
        objective = ObjectiveBytes.write(what);
    }

    Execution execution() {
        return new Execution(tokensPerMicroBatch, recompute, maxGradNorm, Precision.of(precision), threads);
    }

    @Override
    public LanguageModel instantiate(
            NeuralNetConfiguration conf,
            Collection<TrainingListener> listeners,
            int index,
            INDArray parameters,
            boolean initialize,
            DataType dataType) {
        LanguageModel layer = new LanguageModel(conf, dataType);
        layer.setListeners(listeners);
        layer.setIndex(index);
        layer.setParamsViewArray(parameters);
        layer.setParamTable(initializer().init(conf, parameters, initialize));
        layer.setConf(conf);
        return layer;
    }

    @Override
    public ParamInitializer initializer() {
        return LanguageModelParameters.INSTANCE;
    }

    @Override
    public InputType getOutputType(int index, InputType inputType) {
        return InputType.feedForward(1);
    }

    @Override
    public void setNIn(InputType inputType, boolean override) {
        // the width of a batch is not fixed
    }

    @Override
    public InputPreProcessor getPreProcessorForInputType(InputType inputType) {
        return null;
    }

    @Override
    public boolean isPretrainParam(String name) {
        return false;
    }

    @Override
    public LayerMemoryReport getMemoryReport(InputType inputType) {
        long size = layout().size();
        return new LayerMemoryReport.Builder(getLayerName(), LanguageModelLayer.class, inputType, inputType)
                .standardMemory(size, getIUpdater().stateSize(size))
                .build();
    }
}
