package ai.rpo.core.decoder;

import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.Arrays;

/** RMSNorm whose gain is its weight, or one more than that. */
final class RmsNorm implements Normalization {

    private final Backend backend;
    private final double epsilon;
    private final String weight;
    private final Tensor ones;

    RmsNorm(Backend backend, double epsilon, String name) {
        this(backend, epsilon, name, null);
    }

    private RmsNorm(Backend backend, double epsilon, String name, Tensor ones) {
        this.backend = backend;
        this.epsilon = epsilon;
        this.ones = ones;
        weight = name + ".weight";
    }

    static RmsNorm plusOne(Backend backend, ModelConfig config, String name) {
        float[] values = new float[config.hiddenSize()];
        Arrays.fill(values, 1);
        Storage storage = backend.allocate(values.length);
        storage.write(0, values, 0, values.length);
        return new RmsNorm(backend, config.normEpsilon(), name, storage.tensor(0, 1, values.length));
    }

    @Override
    public Saved forward(Parameters weights, Tensor x, Workspace workspace) {
        Tensor inverseRms = workspace.tensor(x.rows(), 1);
        Tensor out = workspace.tensor(x.rows(), x.columns());
        Tensor gain = gain(weights, workspace);
        backend.rmsNorm(x, gain, epsilon, out, inverseRms);
        return new Saved(x, inverseRms, gain, out);
    }

    private Tensor gain(Parameters weights, Workspace workspace) {
        if (ones == null) {
            return weights.get(weight);
        }
        Tensor gain = workspace.tensor(1, ones.columns());
        backend.copy(ones, gain);
        backend.add(weights.get(weight), gain);
        return gain;
    }

    @Override
    public void backward(Saved saved, Tensor dOut, Tensor intoX, Parameters gradients, Workspace workspace) {
        Tensor intoGain = gradients.into(weight, dOut.columns(), workspace);
        backend.rmsNormBackward(saved.x(), saved.gain(), saved.statistics(), dOut, intoX, intoGain);
    }
}
