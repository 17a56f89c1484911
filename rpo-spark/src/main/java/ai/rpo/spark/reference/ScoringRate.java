package ai.rpo.spark.reference;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.MicroBatches;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.runtime.ExecutorRuntime;
import ai.rpo.spark.runtime.Loan;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;

/**
 * Says how fast this machine scores: the median over batches.
 *
 * @param tokensPerSecond token rows, each prompt once
 * @param tokensPerRow of the rows that were scored
 */
public record ScoringRate(double tokensPerSecond, double tokensPerRow) {

    private static final int MOST_TOKENS = 2048;
    private static final double WARM_UP_SECONDS = 2;
    private static final double SECONDS = 6;
    private static final int FEWEST_BATCHES = 5;

    /**
     * Scores rows for some seconds, over and over if they are few, after some that do not count.
     *
     * @param rows prepared ones, at least one
     * @param threads that compute
     */
    public static ScoringRate measure(
            ScoredRows kind, List<Row> rows, LocalModel model, ScoreSettings settings, int threads) {
        List<List<Example>> batches = MicroBatches.of(
                rows.stream().map(kind::example).toList(),
                Example::packedRows,
                Math.min(MOST_TOKENS, settings.tokensPerBatch()));
        try (Loan<ReferenceScorer> loan =
                ExecutorRuntime.ofThisJvm().borrow(new ScoringRole(model, settings.precision(), threads))) {
            ReferenceScorer scorer = loan.worker();
            double warm = seconds();
            for (int i = 0; i == 0 || seconds() - warm < WARM_UP_SECONDS; i++) {
                scorer.completionLogps(batches.get(i % batches.size()));
            }
            List<Double> rates = new ArrayList<>();
            double start = seconds();
            for (int i = 0; rates.size() < FEWEST_BATCHES || seconds() - start < SECONDS; i++) {
                List<Example> batch = batches.get(i % batches.size());
                double before = seconds();
                scorer.completionLogps(batch);
                rates.add(tokens(batch) / (seconds() - before));
            }
            double all = batches.stream().mapToLong(ScoringRate::tokens).sum();
            loan.finished();
            return new ScoringRate(median(rates), all / rows.size());
        }
    }

    /** Takes the median, since what other work on the machine holds up now and then is not to count. */
    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.get(sorted.size() / 2);
    }

    private static double seconds() {
        return System.nanoTime() / 1e9;
    }

    private static long tokens(List<Example> batch) {
        return batch.stream().mapToLong(Example::packedRows).sum();
    }
}
