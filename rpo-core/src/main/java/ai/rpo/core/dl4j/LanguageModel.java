package ai.rpo.core.dl4j;

import ai.rpo.core.loss.StepMetrics;
import ai.rpo.core.objective.Metrics;
import java.util.List;
import java.util.function.Supplier;
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
 * Is the language model as a DL4J output layer: asked for its gradient, it takes the step that it was told to. DL4J sees an
 * empty gradient, since the parameters are not its own.
 */
final class LanguageModel extends BaseLayer<LanguageModelLayer> implements IOutputLayer {

    private static final long serialVersionUID = 1L;

    private transient Supplier<StepMetrics> step;
    private transient INDArray labels;
    private transient StepMetrics lastStep;

    LanguageModel(NeuralNetConfiguration conf, DataType dataType) {
        super(conf, dataType);
    }

    /** Sets what the next gradient computation does. */
    void willStep(Supplier<StepMetrics> next) {
        step = next;
    }

    /** Returns what the last step measured; null before the first. */
    StepMetrics lastStep() {
        return lastStep;
    }

    @Override
    public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaceMgr) {
        lastStep = step.get();
        return new Pair<>(new DefaultGradient(), null);
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
