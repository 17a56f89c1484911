package ai.rpo.core.dl4j;

import ai.rpo.core.tensor.AdamStep;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.nd4j.Nd4jStorage;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.GradientUpdater;

/** The moments of {@link AdamW} and its step, over one flat stretch of parameters. */
final class AdamWUpdater implements GradientUpdater<AdamW> {

    private static final String FIRST = "M";
    private static final String SECOND = "V";

    private static final int PART = 1 << 30; // elements that a tensor surely holds

    private final AdamW config;
    private final Backend backend;
    private INDArray first;
    private INDArray second;

    AdamWUpdater(AdamW config) {
        this.config = config;
        backend = Backends.create(Precision.FLOAT32.key(), config.threads());
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
        Storage gradients = Nd4jStorage.of(gradient);
        Storage firsts = Nd4jStorage.of(first);
        Storage seconds = Nd4jStorage.of(second);
        for (long from = 0; from < gradients.size(); from += PART) {
            int length = (int) Math.min(PART, gradients.size() - from);
            backend.adam(
                    gradients.tensor(from, 1, length),
                    firsts.tensor(from, 1, length),
                    seconds.tensor(from, 1, length),
                    step);
        }
    }
}
