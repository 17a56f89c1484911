package ai.rpo.spark.device;

import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.dl4j.Backends;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.Precision;
import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Map;

/**
 * Weights of models in this JVM that nobody changes: loaded once, never sent, and shared by whoever scores or generates
 * with them or trains an adapter over them. They stay as long as one of these has them.
 */
public final class LoadedWeights {

    private static final LoadedWeights INSTANCE = new LoadedWeights();

    private final Map<String, WeakReference<Parameters>> byFingerprint = new HashMap<>();

    private LoadedWeights() {}

    public static LoadedWeights ofThisJvm() {
        return INSTANCE;
    }

    public synchronized Parameters of(LocalModel model) {
        byFingerprint.values().removeIf(weights -> weights.get() == null);
        WeakReference<Parameters> known = byFingerprint.get(model.fingerprint());
        Parameters weights = known == null ? null : known.get();
        if (weights == null) {
            weights = load(model.open());
            byFingerprint.put(model.fingerprint(), new WeakReference<>(weights));
        }
        return weights;
    }

    private static Parameters load(ModelDirectory model) {
        ParameterLayout layout = ParameterLayout.of(model.config());
        Parameters weights = new Parameters(
                layout, Backends.create(Precision.FLOAT32.key(), 1).allocate(layout.size()));
        weights.load(model.weights());
        return weights;
    }
}
