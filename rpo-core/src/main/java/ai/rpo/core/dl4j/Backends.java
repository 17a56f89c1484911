package ai.rpo.core.dl4j;

import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.nd4j.Nd4jBackend;

/** Chooses who computes. */
public final class Backends {

    private Backends() {}

    public static Backend create(String precision, int threads) {
        return new Nd4jBackend();
    }
}
