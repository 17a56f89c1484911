package ai.rpo.core.decoder;

import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;

/** RMSNorm of whole rows. */
final class RmsNorm implements Normalization {

    private final Backend backend;
    private final double epsilon;
    private final Gain gain;

    RmsNorm(Backend backend, ModelConfig config, String name, int columns) {
        this.backend = backend;
        epsilon = config.normEpsilon();
        gain = new Gain(backend, config, name + ".weight", columns);
    }

    @Override
    public Saved forward(Parameters weights, Tensor x, Tensor out, Workspace workspace) {
        Saved saved = new Saved(x, workspace.tensor(x.rows(), 1), gain.of(weights, workspace));
        repeat(weights, saved, out);
        return saved;
    }

    @Override
    public void repeat(Parameters weights, Saved saved, Tensor out) {
        backend.rmsNorm(saved.x(), saved.gain(), epsilon, out, saved.statistics());
    }

    @Override
    public void backward(Saved saved, Tensor dOut, Tensor intoX, Parameters gradients, Workspace workspace) {
        backend.rmsNormBackward(
                saved.x(), saved.gain(), saved.statistics(), dOut, intoX, gain.gradient(gradients, workspace));
    }
}
