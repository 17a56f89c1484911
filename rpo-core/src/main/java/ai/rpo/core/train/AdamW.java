package ai.rpo.core.train;

import ai.rpo.core.tensor.AdamStep;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;

/**
 * Implements AdamW (arXiv 1711.05101) as PyTorch has it: ε outside the bias correction, decoupled decay of matrices
 * (docs/math.md, 6). Parameters, gradient and moments are passed over once.
 *
 * @param beta1 β₁
 * @param beta2 β₂
 * @param epsilon ε
 * @param weightDecay λ
 */
public record AdamW(double beta1, double beta2, double epsilon, double weightDecay) implements Optimizer {

    /** Makes one with β₁ 0.9, β₂ 0.999 and ε 1e-8. */
    public static AdamW withDefaults(double weightDecay) {
        return new AdamW(0.9, 0.999, 1e-8, weightDecay);
    }

    @Override
    public int momentsPerParameter() {
        return 2;
    }

    @Override
    public void step(TrainState state, Stretch stretch, Tensor gradient, double rate, Backend backend) {
        Storage moments = state.moments().orElseThrow();
        backend.adam(
                tensor(state.parameters(), stretch, 0),
                gradient,
                tensor(moments, stretch, 0),
                tensor(moments, stretch, state.parameters().size()),
                new AdamStep(rate, beta1, beta2, epsilon, stretch.matrix() ? weightDecay : 0, state.step() + 1));
    }

    private static Tensor tensor(Storage storage, Stretch stretch, long shift) {
        return storage.tensor(shift + stretch.offset(), 1, stretch.size());
    }
}
