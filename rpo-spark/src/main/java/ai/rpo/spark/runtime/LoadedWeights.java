package ai.rpo.spark.runtime;

import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Precision;
import ai.rpo.spark.device.LocalModel;
import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Map;

/**
 * Keeps one copy of each model's weights that nobody changes: loaded once, never sent, and shared by whoever scores or
 * generates with them or trains an adapter over them. They stay as long as one of these has them.
 */
public final class LoadedWeights {

    private record Key(String fingerprint, Precision products) {}

    private final Map<Key, WeakReference<Parameters>> known = new HashMap<>();

    LoadedWeights() {}

    /** @param backend what computes with them, or one that rounds as that does */
    public synchronized Parameters of(LocalModel model, Backend backend) {
        known.values().removeIf(weights -> weights.get() == null);
        Key key = new Key(model.fingerprint(), backend.products());
        WeakReference<Parameters> loaded = known.get(key);
        Parameters weights = loaded == null ? null : loaded.get();
        if (weights == null) {
            weights = load(model, backend);
            known.put(key, new WeakReference<>(weights));
        }
        return weights;
    }

    private Parameters load(LocalModel model, Backend backend) {
        ModelDirectory directory = model.open();
        if (directory.unmerged().isEmpty()) {
            return Parameters.readOnly(directory.config(), directory.weights(), backend);
        }
        ParameterLayout layout =
                ParameterLayout.of(directory.config(), directory.unmerged().get());
        Parameters updates = new Parameters(layout, backend.allocate(layout.size()));
        updates.load(directory.adapter().orElseThrow().weights());
        return updates.over(of(model.withoutAdapter(), backend));
    }
}
