package ai.rpo.spark.gauge;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.score.DivergenceScorer;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.runtime.ExecutorRuntime;
import ai.rpo.spark.runtime.Role;
import java.io.Serializable;

/** Holds a policy beside its reference; scorers own scratch memory and share the weights of both. */
record DivergenceRole(DivergenceRole.Models models, Precision precision, int threads)
        implements Role<DivergenceRole.Loaded, DivergenceScorer> {

    /** Names both models. */
    record Models(LocalModel policy, LocalModel reference) implements Serializable {}

    private record Key(String policy, String reference, Precision precision, int threads) {}

    /** Both models, ready to compute. */
    record Loaded(Decoder policy, Parameters policyWeights, Decoder reference, Parameters referenceWeights) {}

    @Override
    public Kind kind() {
        return Kind.SCORE;
    }

    @Override
    public Object key() {
        return new Key(models.policy.fingerprint(), models.reference.fingerprint(), precision, threads);
    }

    /** That of the policy, which has just generated. */
    @Override
    public String weights() {
        return models.policy.fingerprint();
    }

    @Override
    public Loaded load(ExecutorRuntime runtime) {
        Backend backend = Backends.create(precision, threads);
        return new Loaded(
                new Decoder(models.policy.open().config(), backend),
                runtime.weights().of(models.policy, backend),
                new Decoder(models.reference.open().config(), backend),
                runtime.weights().of(models.reference, backend));
    }

    @Override
    public DivergenceScorer worker(Loaded loaded) {
        return new DivergenceScorer(loaded.policy, loaded.policyWeights, loaded.reference, loaded.referenceWeights);
    }

    @Override
    public void close(DivergenceScorer scorer) {
        scorer.close();
    }
}
