package ai.rpo.spark.device;

import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.dl4j.Backends;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.Precision;

/**
 * The weights under an adapter in this JVM: loaded once, shared by all networks that train on them, never sent. Another
 * model takes the place of the one before.
 */
public final class FrozenWeights {

    private static final FrozenWeights INSTANCE = new FrozenWeights();

    private String fingerprint = "";
    private Parameters weights;

    private FrozenWeights() {}

    public static FrozenWeights ofThisJvm() {
        return INSTANCE;
    }

    public synchronized Parameters of(LocalModel model) {
        if (!fingerprint.equals(model.fingerprint())) {
            weights = null;
            fingerprint = "";
            ModelDirectory folder = model.open();
            ParameterLayout layout = ParameterLayout.of(folder.config());
            Parameters loaded = new Parameters(
                    layout, Backends.create(Precision.FLOAT32.key(), 1).allocate(layout.size()));
            loaded.load(folder.weights());
            weights = loaded;
            fingerprint = model.fingerprint();
        }
        return weights;
    }
}
