package ai.rpo.spark.reference;

import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.MicroBatches;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.score.ScoredPair;
import ai.rpo.core.text.TokenizedPair;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.runtime.ExecutorRuntime;
import ai.rpo.spark.runtime.Loan;
import java.io.Serializable;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.util.LongAccumulator;

/** Scores pairs on the executors, with one model, in packed batches under a token budget. */
public final class DistributedScorer implements Serializable {

    private static final long serialVersionUID = 1L;

    private final LocalModel model;
    private final ScoreSettings settings;
    private final int threadsPerTask;
    private final LongAccumulator done;

    /** @param done counts scored pairs */
    public DistributedScorer(LocalModel model, ScoreSettings settings, int threadsPerTask, LongAccumulator done) {
        this.model = model;
        this.settings = settings;
        this.threadsPerTask = threadsPerTask;
        this.done = done;
    }

    /**
     * Order and partitions stay as they are. A log-probability that is not finite fails the task with an
     * {@link RpoException}.
     */
    public JavaRDD<ScoredPair> score(JavaRDD<TokenizedPair> pairs) {
        return pairs.mapPartitions(this::scorePartition);
    }

    private Iterator<ScoredPair> scorePartition(Iterator<TokenizedPair> pairs) {
        if (!pairs.hasNext()) {
            return Collections.emptyIterator();
        }
        Loan<ReferenceScorer> loan = ExecutorRuntime.ofThisJvm()
                .borrow(new ScoringRole(model, settings.precision(), threadsPerTask))
                .untilTaskEnds();
        return new ScoringIterator(pairs, loan.worker());
    }

    private final class ScoringIterator implements Iterator<ScoredPair> {
        private final Iterator<List<TokenizedPair>> batches;
        private final ReferenceScorer scorer;
        private Iterator<ScoredPair> scored = Collections.emptyIterator();

        private ScoringIterator(Iterator<TokenizedPair> pairs, ReferenceScorer scorer) {
            batches = new MicroBatches<>(pairs, DistributedScorer::packedRows, settings.tokensPerBatch());
            this.scorer = scorer;
        }

        @Override
        public boolean hasNext() {
            return scored.hasNext() || batches.hasNext();
        }

        @Override
        public ScoredPair next() {
            if (!scored.hasNext()) {
                List<TokenizedPair> batch = batches.next();
                scored = scorer.score(batch).stream().map(this::finite).iterator();
                done.add(batch.size());
            }
            return scored.next();
        }

        private ScoredPair finite(ScoredPair scored) {
            if (!Double.isFinite(scored.referenceChosen()) || !Double.isFinite(scored.referenceRejected())) {
                throw RpoException.data("Cannot score the pair with ordinal "
                        + scored.pair().ordinal() + " under " + model.uri() + ": its log-probabilities are "
                        + scored.referenceChosen() + " and " + scored.referenceRejected()
                        + ". Check the model's weights.");
            }
            return scored;
        }
    }

    private static int packedRows(TokenizedPair pair) {
        return new Example(pair.prompt(), List.of(pair.chosen(), pair.rejected())).packedRows();
    }
}
