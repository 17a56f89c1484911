package ai.rpo.spark.reference;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.runtime.ExecutorRuntime;
import ai.rpo.spark.runtime.Role;
import java.util.function.Supplier;

/** Scores with a model; scorers own scratch memory and share its weights. */
public record ScoringRole(LocalModel model, Precision precision, int threads)
        implements Role<ScoringRole.Loaded, ReferenceScorer> {

    private record Key(String fingerprint, Precision precision, int threads) {}

    /** A model that is ready to compute. */
    public record Loaded(Decoder decoder, Parameters weights) {}

    /** Lends a scorer to the task of this thread when it is first asked for, until that task ends. */
    public Supplier<ReferenceScorer> onFirstUse() {
        return new Supplier<>() {
            private ReferenceScorer scorer;

            @Override
            public ReferenceScorer get() {
                if (scorer == null) {
                    scorer = ExecutorRuntime.ofThisJvm()
                            .borrow(ScoringRole.this)
                            .untilTaskEnds()
                            .worker();
                }
                return scorer;
            }
        };
    }

    @Override
    public Kind kind() {
        return Kind.SCORE;
    }

    @Override
    public Object key() {
        return new Key(model.fingerprint(), precision, threads);
    }

    @Override
    public String weights() {
        return model.fingerprint();
    }

    @Override
    public Loaded load(ExecutorRuntime runtime) {
        Backend backend = Backends.create(precision, threads);
        Parameters weights = runtime.weights().of(model, backend);
        ModelDirectory directory = model.open();
        return new Loaded(new Decoder(directory.config(), directory.unmerged(), backend), weights);
    }

    @Override
    public ReferenceScorer worker(Loaded loaded) {
        return new ReferenceScorer(loaded.decoder, loaded.weights);
    }

    @Override
    public void close(ReferenceScorer scorer) {
        scorer.close();
    }
}
