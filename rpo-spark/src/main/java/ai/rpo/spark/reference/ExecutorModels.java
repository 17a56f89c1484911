package ai.rpo.spark.reference;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.dl4j.Backends;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Precision;
import ai.rpo.spark.device.ExecutorDevice;
import ai.rpo.spark.device.LoadedWeights;
import ai.rpo.spark.device.LocalModel;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The model that this executor JVM scores with: its weights are loaded once and shared by all tasks; scorers, which own
 * scratch memory, are lent to one task at a time. Another model takes the place of the one before.
 */
public final class ExecutorModels {

    private static final ExecutorModels INSTANCE = new ExecutorModels();

    private record Key(String fingerprint, Precision precision, int threads) {}

    private final Deque<ReferenceScorer> idle = new ArrayDeque<>();
    private Key key;
    private Decoder decoder;
    private Parameters weights;

    private ExecutorModels() {}

    public static ExecutorModels ofThisJvm() {
        return INSTANCE;
    }

    public synchronized ReferenceScorer borrow(LocalModel model, Precision precision, int threads) {
        ExecutorDevice.ofThisJvm().claimForThisTask();
        Key wanted = new Key(model.fingerprint(), precision, threads);
        if (!wanted.equals(key)) {
            release();
            Backend backend = Backends.create(precision, threads);
            weights = LoadedWeights.ofThisJvm().of(model, backend);
            decoder = new Decoder(model.open().config(), backend);
            key = wanted;
        }
        return idle.isEmpty() ? new ReferenceScorer(decoder, weights) : idle.pop();
    }

    public synchronized void giveBack(ReferenceScorer scorer) {
        if (scorer.uses(weights)) {
            idle.push(scorer);
        } else {
            scorer.close();
        }
    }

    /** Lets the model go, so that something else may have its memory. */
    public synchronized void release() {
        key = null;
        idle.forEach(ReferenceScorer::close);
        idle.clear();
        decoder = null;
        weights = null;
    }
}
