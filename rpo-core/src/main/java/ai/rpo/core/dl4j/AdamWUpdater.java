package ai.rpo.core.dl4j;

import ai.rpo.core.tensor.AdamStep;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.nd4j.Nd4jStorage;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.GradientUpdater;

/** The moments of {@link AdamW} and its step, over one flat stretch of parameters. */
final class AdamWUpdater implements GradientUpdater<AdamW> {

    private static final String FIRST = "M";
    private static final String SECOND = "V";

    private final AdamW config;
    private final Backend backend;
    private INDArray first;
    private INDArray second;

    AdamWUpdater(AdamW config) {
        this.config = config;
        backend = Backends.create(Precision.FLOAT32, config.threads());
    }

    @Override
    public AdamW getConfig() {
        return config;
    }

    @Override
    public void setState(Map<String, INDArray> state, boolean initialize) {
        first = state.get(FIRST);
        second = state.get(SECOND);
        if (initialize) {
            first.assign(0);
            second.assign(0);
        }
    }

    @Override
    public Map<String, INDArray> getState() {
        return Map.of(FIRST, first, SECOND, second);
    }

    @Override
    public void setStateViewArray(INDArray view, long[] shape, char order, boolean initialize) {
        if (initialize) {
            view.assign(0);
        }
        INDArray flat = view.reshape(view.length());
        long half = flat.length() / 2;
        first = flat.get(NDArrayIndex.interval(0, half));
        second = flat.get(NDArrayIndex.interval(half, 2 * half));
    }

    @Override
    public void applyUpdater(INDArray gradient, int iteration, int epoch) {
        AdamStep step = new AdamStep(
                config.getLearningRate(iteration, epoch),
                config.beta1(),
                config.beta2(),
                config.epsilon(),
                iteration + 1L);
        List<Tensor> gradients = parts(gradient);
        List<Tensor> firsts = parts(first);
        List<Tensor> seconds = parts(second);
        for (int i = 0; i < gradients.size(); i++) {
            backend.adam(gradients.get(i), firsts.get(i), seconds.get(i), step);
        }
    }

    private List<Tensor> parts(INDArray flat) {
        return FlatVector.of(Nd4jStorage.of(flat), backend).parts();
    }
}
