package ai.rpo.core.decoder;

import ai.rpo.core.model.Architecture;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.Optional;

/** LayerNorm with a gain, and with or without a bias. */
final class LayerNorm implements Normalization {

    private final Backend backend;
    private final double epsilon;
    private final String weight;
    private final String bias;
    private final Optional<Tensor> noBias;

    LayerNorm(Backend backend, ModelConfig config, String name) {
        this.backend = backend;
        epsilon = config.normEpsilon();
        weight = name + ".weight";
        bias = name + ".bias";
        noBias = config.architecture().norm() == Architecture.Norm.LAYER_WITHOUT_BIAS
                ? Optional.of(Gain.constant(backend, config.hiddenSize(), 0))
                : Optional.empty();
    }

    @Override
    public Saved forward(Parameters weights, Tensor x, Tensor out, Workspace workspace) {
        Saved saved = new Saved(x, workspace.tensor(x.rows(), 2), weights.get(weight));
        repeat(weights, saved, out);
        return saved;
    }

    @Override
    public void repeat(Parameters weights, Saved saved, Tensor out) {
        Tensor shift = noBias.orElseGet(() -> weights.get(bias));
        backend.layerNorm(saved.x(), saved.gain(), shift, epsilon, out, saved.statistics());
    }

    @Override
    public void backward(Saved saved, Tensor dOut, Tensor intoX, Parameters gradients, Workspace workspace) {
        backend.layerNormBackward(
                saved.x(),
                saved.gain(),
                saved.statistics(),
                dOut,
                intoX,
                gradients.into(weight, dOut.columns(), workspace),
                gradients.into(bias, dOut.columns(), workspace));
    }
}
