package ai.rpo.spark.reference;

import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.MicroBatches;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.runtime.ExecutorRuntime;
import ai.rpo.spark.runtime.Loan;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.util.LongAccumulator;

/** Scores rows on the executors, with one model, in packed batches under a token budget. */
public final class DistributedScorer implements Serializable {

    private static final long serialVersionUID = 1L;

    private final LocalModel model;
    private final ScoreSettings settings;
    private final int threadsPerTask;
    private final LongAccumulator done;

    /** @param done counts scored rows */
    public DistributedScorer(LocalModel model, ScoreSettings settings, int threadsPerTask, LongAccumulator done) {
        this.model = model;
        this.settings = settings;
        this.threadsPerTask = threadsPerTask;
        this.done = done;
    }

    /**
     * Gives one log-probability, or reward, of each completion of each row. Order and partitions stay as they are. A
     * number that is not finite fails the task with an {@link RpoException}.
     */
    public JavaRDD<double[]> logps(JavaRDD<TrainingExample> rows) {
        return rows.mapPartitions(this::scorePartition);
    }

    private Iterator<double[]> scorePartition(Iterator<TrainingExample> rows) {
        if (!rows.hasNext()) {
            return Collections.emptyIterator();
        }
        Loan<ReferenceScorer> loan = ExecutorRuntime.ofThisJvm()
                .borrow(new ScoringRole(model, settings.precision(), threadsPerTask))
                .untilTaskEnds();
        return new ScoringIterator(rows, loan.worker());
    }

    private final class ScoringIterator implements Iterator<double[]> {
        private final Iterator<List<TrainingExample>> batches;
        private final ReferenceScorer scorer;
        private Iterator<double[]> scored = Collections.emptyIterator();

        private ScoringIterator(Iterator<TrainingExample> rows, ReferenceScorer scorer) {
            batches = new MicroBatches<>(rows, row -> row.example().packedRows(), settings.tokensPerBatch());
            this.scorer = scorer;
        }

        @Override
        public boolean hasNext() {
            return scored.hasNext() || batches.hasNext();
        }

        @Override
        public double[] next() {
            if (!scored.hasNext()) {
                List<TrainingExample> batch = batches.next();
                scored = logps(batch).iterator();
                done.add(batch.size());
            }
            return scored.next();
        }

        private List<double[]> logps(List<TrainingExample> batch) {
            double[] all = scorer.completionLogps(
                    batch.stream().map(TrainingExample::example).toList());
            List<double[]> ofRows = new ArrayList<>(batch.size());
            int from = 0;
            for (TrainingExample row : batch) {
                int to = from + row.example().completions().size();
                ofRows.add(finite(row, Arrays.copyOfRange(all, from, to)));
                from = to;
            }
            return ofRows;
        }

        private double[] finite(TrainingExample row, double[] logps) {
            if (!Arrays.stream(logps).allMatch(Double::isFinite)) {
                throw RpoException.data("Cannot score the pair with ordinal " + row.ordinal() + " under " + model.uri()
                        + ": its log-probabilities are "
                        + Arrays.stream(logps).mapToObj(String::valueOf).collect(Collectors.joining(" and "))
                        + ". Check the model's weights.");
            }
            return logps;
        }
    }
}
