package ai.rpo.spark.evaluate;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.evaluate.Estimate;
import ai.rpo.core.evaluate.Evaluation;
import ai.rpo.core.evaluate.PairResult;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.objective.Objective;
import ai.rpo.spark.dataset.PairRows;
import ai.rpo.spark.dataset.ParquetShards;
import ai.rpo.spark.device.Cores;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.device.PolledProgress;
import ai.rpo.spark.reference.DistributedScorer;
import ai.rpo.spark.reference.ScoreSettings;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.LongAccumulator;

/** Measures held-out pairs under the trained policy and the reference, or under a reward model. */
public final class EvaluateStage {

    private final SparkSession spark;
    private final ScoreSettings settings;

    public EvaluateStage(SparkSession spark, ScoreSettings settings) {
        this.spark = spark;
        this.settings = settings;
    }

    /**
     * @param metrics by the names of the training metrics
     * @param pairs they are taken over
     */
    public record Result(Map<String, Estimate> metrics, long pairs) {}

    /**
     * @param policy the trained model
     * @param scored folder of pairs with the reference's log-probabilities
     * @throws RpoException if there are no pairs
     */
    public Result run(LocalModel policy, Objective objective, Path scored, Progress progress) {
        List<PairResult> results = results(policy, objective, scored, progress);
        return new Result(Evaluation.of(results, objective), results.size());
    }

    /**
     * The pairs one by one, in the order of their ordinals.
     *
     * @param scored where the objective is over rewards, the pairs need no log-probabilities
     * @throws RpoException if there are no pairs
     */
    public List<PairResult> results(LocalModel policy, Objective objective, Path scored, Progress progress) {
        JavaRDD<Row> pairs = Cores.of(spark)
                .spread(ParquetShards.read(spark, scored, PairRows.WITH_MARGIN).javaRDD())
                .cache();
        try {
            long total = pairs.count();
            if (total == 0) {
                throw RpoException.data("Cannot evaluate " + policy.uri() + ": " + scored
                        + " holds no pairs. Give evaluation data with rpo.data.eval.");
            }
            return underPolicy(policy, objective.needs().rewards(), pairs, total, progress);
        } finally {
            pairs.unpersist();
        }
    }

    private List<PairResult> underPolicy(
            LocalModel policy, boolean rewards, JavaRDD<Row> pairs, long total, Progress progress) {
        LongAccumulator done = spark.sparkContext().longAccumulator("evaluated pairs");
        int threads = Cores.of(spark).threads(pairs.getNumPartitions());
        DistributedScorer scorer = new DistributedScorer(policy, settings, threads, done);
        try (PolledProgress polled = new PolledProgress(spark.sparkContext(), progress, "evaluate", done, total)) {
            List<PairResult> results = new ArrayList<>(pairs.zip(scorer.logps(pairs.map(PairRows::pair)))
                    .map(both -> result(both._1(), both._2(), rewards))
                    .collect());
            results.sort(Comparator.comparingLong(PairResult::ordinal));
            return results;
        }
    }

    /** @param policy what the policy gives the pair's completions */
    private static PairResult result(Row row, double[] policy, boolean rewards) {
        TrainingExample pair = rewards ? PairRows.pair(row).withMargin(PairRows.margin(row)) : PairRows.scored(row);
        return new PairResult(pair, policy[0], policy[1]);
    }
}
