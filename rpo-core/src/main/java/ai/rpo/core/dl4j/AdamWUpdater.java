package ai.rpo.core.dl4j;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.ops.transforms.Transforms;

/** The moments of {@link AdamW} and its step, over one flat stretch of parameters. */
final class AdamWUpdater implements GradientUpdater<AdamW> {

    private static final String FIRST = "M";
    private static final String SECOND = "V";

    private final AdamW config;
    private INDArray first;
    private INDArray second;

    AdamWUpdater(AdamW config) {
        this.config = config;
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
        double beta1 = config.beta1();
        double beta2 = config.beta2();
        first.muli(beta1).addi(gradient.mul(1 - beta1));
        second.muli(beta2).addi(gradient.muli(gradient).muli(1 - beta2));
        double firstCorrection = 1 - Math.pow(beta1, iteration + 1.0);
        double secondCorrection = Math.sqrt(1 - Math.pow(beta2, iteration + 1.0));
        INDArray denominator = gradient.assign(second);
        Transforms.sqrt(denominator, false);
        denominator.divi(secondCorrection).addi(config.epsilon());
        denominator.rdivi(first).muli(config.getLearningRate(iteration, epoch) / firstCorrection);
    }
}
