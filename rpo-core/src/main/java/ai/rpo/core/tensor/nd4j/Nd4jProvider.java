package ai.rpo.core.tensor.nd4j;

import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.BackendProvider;
import ai.rpo.core.tensor.Precision;

/** Computes by ND4J's own operations, on whatever device ND4J has; works everywhere. */
public final class Nd4jProvider implements BackendProvider {

    @Override
    public String key() {
        return "nd4j";
    }

    /** Comes first where ND4J computes on a device, which nobody else can reach then, and last where it does not. */
    @Override
    public int rank() {
        return Nd4jStorage.inHostMemory() ? 10 : 40;
    }

    @Override
    public Backend open(Precision precision, int threads) {
        return new Nd4jBackend();
    }
}
