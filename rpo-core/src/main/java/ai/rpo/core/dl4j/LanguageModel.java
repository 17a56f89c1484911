package ai.rpo.core.dl4j;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.loss.BatchGradient;
import ai.rpo.core.loss.NonFiniteException;
import ai.rpo.core.loss.StepMetrics;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.objective.Metrics;
import ai.rpo.core.objective.Objective;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Noise;
import ai.rpo.core.tensor.nd4j.Nd4jStorage;
import java.util.List;
import java.util.function.Function;
import org.deeplearning4j.nn.api.layers.IOutputLayer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

/**
 * The language model with its loss as a DL4J output layer: asked for its gradient, it runs the hand-written passes over
 * the batch it was given and leaves the clipped gradient in DL4J's flat vector.
 */
public final class LanguageModel extends BaseLayer<LanguageModelLayer> implements IOutputLayer {

    private static final long serialVersionUID = 1L;

    /** PyTorch's {@code clip_grad_norm_} adds it to the norm. */
    private static final double CLIP_EPSILON = 1e-6;

    private transient BatchGradient batchGradient;
    private transient Parameters weights;
    private transient Parameters gradients;
    private transient FlatVector flatGradient;
    private transient Parameters frozen;
    private transient INDArray labels;
    private transient StepMetrics lastStep;

    LanguageModel(NeuralNetConfiguration conf, DataType dataType) {
        super(conf, dataType);
    }

    /** What the last gradient computation measured; null before the first. */
    public StepMetrics lastStep() {
        return lastStep;
    }

    /**
     * Sets the weights under an adapter; they are shared, and only read.
     *
     * @param model the weights for a backend such as this model's
     */
    public void freeze(Function<Backend, Parameters> model) {
        frozen = model.apply(backend());
        forget();
    }

    /** Sets what is minimised; the configuration carries it from now on. */
    public void minimise(Objective what) {
        layerConf().setObjective(what);
        forget();
    }

    private Backend backend() {
        LanguageModelLayer.Execution execution = layerConf().execution();
        return Backends.create(execution.precision(), execution.threads());
    }

    @Override
    public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaceMgr) {
        prepare();
        List<TrainingExample> batch = ExampleCodec.decode(input, labels);
        flatGradient.zero();
        long noise = Noise.of(layerConf().dropoutSeed(), getIterationCount());
        lastStep = batchGradient.add(weights, batch, noise, gradients);
        clip(batch);
        // Empty on purpose: the gradient already lies in the flat vector, and DL4J would read a layer's name out of
        // each key up to its last underscore.
        return new Pair<>(new DefaultGradient(), null);
    }

    private void prepare() {
        if (batchGradient == null) {
            LanguageModelLayer layer = layerConf();
            LanguageModelLayer.Execution execution = layer.execution();
            Backend backend = backend();
            Decoder decoder = new Decoder(layer.modelConfig(), layer.lora(), backend);
            ParameterLayout layout = layer.layout();
            Parameters trained = new Parameters(layout, Nd4jStorage.of(paramsFlattened));
            weights = frozen == null ? trained : trained.over(frozen);
            gradients = new Parameters(layout, Nd4jStorage.of(gradientsFlattened));
            flatGradient = FlatVector.of(gradients.storage(), backend);
            batchGradient = new BatchGradient(
                    decoder, layer.objective(), execution.tokensPerMicroBatch(), execution.recompute());
        }
    }

    private void clip(List<TrainingExample> batch) {
        double norm = flatGradient.norm();
        if (!Double.isFinite(norm)) {
            throw new NonFiniteException("the gradient norm", batch);
        }
        lastStep.putStep("grad_norm", norm);
        double limit = layerConf().execution().maxGradNorm();
        if (limit > 0 && norm + CLIP_EPSILON > limit) {
            flatGradient.scale(limit / (norm + CLIP_EPSILON));
        }
    }

    @Override
    public void setParamsViewArray(INDArray params) {
        super.setParamsViewArray(params);
        forget();
    }

    @Override
    public void setBackpropGradientsViewArray(INDArray gradients) {
        super.setBackpropGradientsViewArray(gradients);
        forget();
    }

    /** Gives the passes' scratch memory back; weights and gradients are the network's. */
    @Override
    public void close() {
        forget();
    }

    private void forget() {
        if (batchGradient != null) {
            batchGradient.close();
            batchGradient = null;
        }
    }

    @Override
    public double computeScore(double regularization, boolean training, LayerWorkspaceMgr workspaceMgr) {
        return lastStep.mean(Metrics.LOSS);
    }

    /** Decay acts on the update, not on the loss. */
    @Override
    public double calcRegularizationScore(boolean backpropParamsOnly) {
        return 0;
    }

    @Override
    public boolean needsLabels() {
        return true;
    }

    @Override
    public void setLabels(INDArray labels) {
        this.labels = labels;
    }

    @Override
    public INDArray getLabels() {
        return labels;
    }

    @Override
    public INDArray computeScoreForExamples(double regularization, LayerWorkspaceMgr workspaceMgr) {
        throw unsupported("scores of single examples");
    }

    @Override
    public INDArray activate(boolean training, LayerWorkspaceMgr workspaceMgr) {
        throw unsupported("activations");
    }

    @Override
    public boolean isPretrainLayer() {
        return false;
    }

    @Override
    public void clearNoiseWeightParams() {
        // no weight noise
    }

    @Override
    public double f1Score(DataSet data) {
        throw unsupported("classification");
    }

    @Override
    public double f1Score(INDArray examples, INDArray labels) {
        throw unsupported("classification");
    }

    @Override
    @Deprecated
    public int numLabels() {
        throw unsupported("classification");
    }

    @Override
    public void fit(DataSetIterator iterator) {
        throw unsupported("fitting a layer alone");
    }

    @Override
    public int[] predict(INDArray examples) {
        throw unsupported("classification");
    }

    @Override
    public List<String> predict(DataSet dataSet) {
        throw unsupported("classification");
    }

    @Override
    public void fit(INDArray examples, INDArray labels) {
        throw unsupported("fitting a layer alone");
    }

    @Override
    public void fit(DataSet data) {
        throw unsupported("fitting a layer alone");
    }

    @Override
    public void fit(INDArray examples, int[] labels) {
        throw unsupported("fitting a layer alone");
    }

    private static UnsupportedOperationException unsupported(String what) {
        return new UnsupportedOperationException(
                "The language model layer computes losses and gradients, not " + what + ".");
    }
}
