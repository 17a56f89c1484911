package ai.rpo.spark.reference;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.spark.device.LocalModel;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;

/**
 * How fast this machine scores.
 *
 * @param tokensPerSecond token rows, each prompt once
 * @param tokensPerRow of the rows that were scored
 */
public record ScoringRate(double tokensPerSecond, double tokensPerRow) {

    private static final int MOST_TOKENS = 2048;
    private static final double WARM_UP_SECONDS = 2;
    private static final double SECONDS = 6;

    /**
     * Scores rows for some seconds, over and over if they are few.
     *
     * @param rows prepared ones, at least one
     * @param threads that compute
     */
    public static ScoringRate measure(
            ScoredRows kind, List<Row> rows, LocalModel model, ScoreSettings settings, int threads) {
        List<List<Example>> batches = batches(kind, rows, Math.min(MOST_TOKENS, settings.tokensPerBatch()));
        ReferenceScorer scorer = ExecutorModels.ofThisJvm().borrow(model, settings.precision(), threads);
        try {
            long start = System.nanoTime();
            double seconds = 0;
            double measuredFrom = -1;
            long tokens = 0;
            for (int i = 0; measuredFrom < 0 || seconds - measuredFrom < SECONDS || tokens == 0; i++) {
                List<Example> batch = batches.get(i % batches.size());
                scorer.completionLogps(batch);
                seconds = (System.nanoTime() - start) / 1e9;
                if (measuredFrom < 0) {
                    measuredFrom = seconds >= WARM_UP_SECONDS ? seconds : -1;
                } else {
                    tokens += tokens(batch);
                }
            }
            double all = batches.stream().mapToLong(ScoringRate::tokens).sum();
            return new ScoringRate(tokens / (seconds - measuredFrom), all / rows.size());
        } finally {
            ExecutorModels.ofThisJvm().giveBack(scorer);
        }
    }

    private static List<List<Example>> batches(ScoredRows kind, List<Row> rows, int tokensPerBatch) {
        List<List<Example>> batches = new ArrayList<>();
        int tokens = 0;
        for (Row row : rows) {
            Example example = kind.example(row);
            if (batches.isEmpty() || tokens + example.packedRows() > tokensPerBatch) {
                batches.add(new ArrayList<>());
                tokens = 0;
            }
            batches.get(batches.size() - 1).add(example);
            tokens += example.packedRows();
        }
        return batches;
    }

    private static long tokens(List<Example> batch) {
        return batch.stream().mapToLong(Example::packedRows).sum();
    }
}
