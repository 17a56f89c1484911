package ai.rpo.core.dl4j;

import java.util.Map;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Adam with ε outside the bias correction, as PyTorch has it: step {@code lr·m̂/(√v̂ + ε)}. Decoupled weight decay
 * (arXiv 1711.05101) is added by DL4J's {@link org.nd4j.linalg.learning.regularization.WeightDecay}, which the layer
 * sets for matrices alone. DL4J's own Adam adds ε before the correction and misses PyTorch's results.
 */
public final class AdamW implements IUpdater {

    private static final long serialVersionUID = 1L;

    private final ISchedule learningRate;
    private final double beta1;
    private final double beta2;
    private final double epsilon;
    private final int threads;

    public AdamW(
            @JsonProperty("learningRate") ISchedule learningRate,
            @JsonProperty("beta1") double beta1,
            @JsonProperty("beta2") double beta2,
            @JsonProperty("epsilon") double epsilon,
            @JsonProperty("threads") int threads) {
        this.learningRate = learningRate;
        this.beta1 = beta1;
        this.beta2 = beta2;
        this.epsilon = epsilon;
        this.threads = threads;
    }

    /**
     * β₁ 0.9, β₂ 0.999, ε 1e-8.
     *
     * @param threads that compute a step
     */
    public static AdamW withDefaults(ISchedule learningRate, int threads) {
        return new AdamW(learningRate, 0.9, 0.999, 1e-8, threads);
    }

    double beta1() {
        return beta1;
    }

    double beta2() {
        return beta2;
    }

    double epsilon() {
        return epsilon;
    }

    int threads() {
        return threads;
    }

    /** The first moment, then the second. */
    @Override
    public long stateSize(long parameters) {
        return 2 * parameters;
    }

    @Override
    public GradientUpdater<AdamW> instantiate(INDArray state, boolean initialize) {
        AdamWUpdater updater = new AdamWUpdater(this);
        updater.setStateViewArray(state, state.shape(), state.ordering(), initialize);
        return updater;
    }

    @Override
    public GradientUpdater<AdamW> instantiate(Map<String, INDArray> state, boolean initialize) {
        AdamWUpdater updater = new AdamWUpdater(this);
        updater.setState(state, initialize);
        return updater;
    }

    @Override
    public double getLearningRate(int iteration, int epoch) {
        return learningRate.valueAt(iteration, epoch);
    }

    @Override
    public boolean hasLearningRate() {
        return true;
    }

    @Override
    public void setLrAndSchedule(double rate, ISchedule schedule) {
        throw new UnsupportedOperationException("The schedule of a run does not change.");
    }

    @Override
    public IUpdater clone() {
        return this; // immutable
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof AdamW that
                && learningRate.equals(that.learningRate)
                && beta1 == that.beta1
                && beta2 == that.beta2
                && epsilon == that.epsilon;
    }

    @Override
    public int hashCode() {
        return Objects.hash(learningRate, beta1, beta2, epsilon);
    }
}
