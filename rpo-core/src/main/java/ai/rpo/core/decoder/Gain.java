package ai.rpo.core.decoder;

import ai.rpo.core.model.Architecture;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.Arrays;
import java.util.Optional;

/** The gain of an RMSNorm: its weight, or in some families one more than that. */
final class Gain {

    private final Backend backend;
    private final String weight;
    private final int columns;
    private final Optional<Tensor> ones;

    /** @param weight its full name */
    Gain(Backend backend, ModelConfig config, String weight, int columns) {
        this.backend = backend;
        this.weight = weight;
        this.columns = columns;
        ones = config.architecture().norm() == Architecture.Norm.RMS_PLUS_ONE
                ? Optional.of(constant(backend, columns, 1))
                : Optional.empty();
    }

    static Tensor constant(Backend backend, int columns, float value) {
        float[] values = new float[columns];
        Arrays.fill(values, value);
        Storage storage = backend.allocate(columns);
        storage.write(0, values, 0, columns);
        return storage.tensor(0, 1, columns);
    }

    /** {@code [1, columns]}, maybe in the workspace. */
    Tensor of(Parameters weights, Workspace workspace) {
        if (ones.isEmpty()) {
            return weights.get(weight);
        }
        Tensor gain = workspace.tensor(1, columns);
        backend.copy(ones.get(), gain);
        backend.add(weights.get(weight), gain);
        return gain;
    }

    /** Gives what the gain's gradient is added to, which is the weight's. */
    Tensor gradient(Parameters gradients, Workspace workspace) {
        return gradients.into(weight, columns, workspace);
    }
}
