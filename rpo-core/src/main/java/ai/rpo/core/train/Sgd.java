package ai.rpo.core.train;

import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;

/**
 * Implements plain gradient descent, θ ← θ − α·g − α·λ·θ, the decay on matrices alone.
 *
 * @param weightDecay λ
 */
public record Sgd(double weightDecay) implements Optimizer {

    @Override
    public int momentsPerParameter() {
        return 0;
    }

    @Override
    public void step(TrainState state, Stretch stretch, Tensor gradient, double rate, Backend backend) {
        Tensor parameters = state.parameters().tensor(stretch.offset(), 1, stretch.size());
        if (weightDecay != 0 && stretch.matrix()) {
            backend.scale(parameters, 1 - rate * weightDecay);
        }
        backend.scale(gradient, -rate);
        backend.add(gradient, parameters);
    }
}
